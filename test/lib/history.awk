# history.awk - weeks of invented load as OpenMetrics text, for promtool
# Use: awk -v end=EPOCH -v days=28 -v step=60 -f history.awk
# Same arguments, same bytes. The last sample is at `end`, and every series has
# its own time of day there, so that no test has to wait for one:
#   shop_load{part="busy"}   half an hour after its day began: high
#   shop_load{part="quiet"}  an hour after its day ended: low
#   shop_load{part="outage"} 300 at all times, but 30 in the last ten minutes
#   shop_load{part="flat"}   100 at all times
#   shop_requests_total      a counter in two instances, for rate()
#   shop_odd                 1, but once NaN, once +Inf and once -Inf
# A day lasts from 10 to 20 o'clock with slopes of ten minutes. Two days in
# seven carry seven tenths of the load. The first three have 6 % of noise.

# Uniform on -0.5 .. 0.5: the "minimal standard" generator of Park and Miller.
function noise() {
	state = (state * 16807) % 2147483647
	return state / 2147483647 - 0.5
}

# Time t in seconds since the midnight before `end`, which is at `clock` there.
function local(t, clock) {
	return clock - (end - t)
}

function load(t, clock,    at, date, s, share) {
	at = local(t, clock) + 100 * 7 * 86400
	date = int(at / 86400)
	s = at - date * 86400
	share = 0
	if (s >= 36000 && s < 72000)
		share = 1
	if (s < 36600 && share)
		share = (s - 36000) / 600
	if (s >= 71400 && share)
		share = (72000 - s) / 600
	return (60 + 240 * share) * (date % 7 == 3 || date % 7 == 4 ? 0.7 : 1)
}

function gauge(name, clock,    t) {
	for (t = start; t <= end; t += step)
		printf "%s %.3f %d\n", name, \
			load(t, clock) * (1 + 0.06 * noise()), t
}

BEGIN {
	state = 20
	start = end - days * 86400

	print "# TYPE shop_load gauge"
	gauge("shop_load{part=\"busy\"}", 36000 + 1800)
	gauge("shop_load{part=\"quiet\"}", 72000 + 3600)
	for (t = start; t <= end; t += step)
		printf "shop_load{part=\"outage\"} %.3f %d\n", \
			(t > end - 600 ? 30 : 300) * (1 + 0.06 * noise()), t
	for (t = start; t <= end; t += step)
		printf "shop_load{part=\"flat\"} 100 %d\n", t

	print "# TYPE shop_requests counter"
	for (i = 0; i < 2; i++) {
		sum = 0
		for (t = start; t <= end; t += step) {
			sum += load(t, 50400) * step / 2
			printf "shop_requests_total{instance=\"%c\"} %d %d\n", \
				97 + i, sum, t
		}
	}

	print "# TYPE shop_odd gauge"
	for (t = start; t <= end; t += step)
		printf "shop_odd %s %d\n", t == end - 20 * step ? "NaN" : \
			t == end - 30 * step ? "+Inf" : \
			t == end - 40 * step ? "-Inf" : "1", t
	print "# EOF"
}
