# autoscale.nomad - the loop as a periodic job of every minute, for the group app
# of the job web:
#
#     nomad acl policy apply -job autoscale autoscale - <<POLICY
#     namespace "default" { capabilities = ["read-job", "scale-job"] }
#     POLICY
#     nomad job run autoscale.nomad
#
# Nomad 1.5 and later, where the job speaks with an identity of its own; before,
# take out "identity" and give it NOMAD_TOKEN. The clients need a host volume
# "autoscale" that the user 10001 may write to: journal and model stand there.
job "autoscale" {
  type = "batch"

  periodic {
    cron             = "* * * * *"
    prohibit_overlap = true
    time_zone        = "UTC"
  }

  group "loop" {
    # the next minute is the next try
    reschedule {
      attempts  = 0
      unlimited = false
    }
    restart {
      attempts = 0
      mode     = "fail"
    }

    volume "state" {
      type   = "host"
      source = "autoscale"
    }

    task "as-loop" {
      driver = "docker"

      identity {
        env = true
      }

      env {
        NOMAD_ADDR = "http://${attr.unique.network.ip-address}:4646"
      }

      volume_mount {
        volume      = "state"
        destination = "/var/lib/autoscale"
      }

      config {
        image   = "registry.example/autoscale:0.1.0"
        command = "as-loop"
        args    = ["--once", "-c", "/local/web.conf"]
      }

      # NOMAD_ADDR and NOMAD_TOKEN say where and who; ALERT_WEBHOOK_URL of a
      # secret belongs into a template with env = true
      template {
        destination = "local/web.conf"
        data        = <<-CONF
          target web { mode = monitor }
          source { type = prometheus  url = "http://prometheus.service.consul:9090" }
          signal requests {
            query = 'sum(rate(app_requests_total[5m]))'
            unit = requests/s
            capacity = 50
            target = 80%
          }
          policy { min_instances = 2  max_instances = 10  boot_time = 30s }
          apply { driver = nomad  service = web/app }
          state { dir = /var/lib/autoscale }
        CONF
      }

      resources {
        cpu    = 100
        memory = 128
      }
    }
  }
}
