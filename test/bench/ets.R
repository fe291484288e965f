# ets.R H DAY: R's exponential smoothing on one history after another. Standard
# input: a line of numbers each, the samples up to an origin. For each the next
# H values by forecast::stlf, ets on what a daily season of DAY steps leaves, a
# line each; at the end a line "cpu SECONDS". Exits 3 where the package is not
# there.
if (!suppressWarnings(suppressMessages(requireNamespace("forecast",
    quietly = TRUE)))) quit(status = 3)
a <- as.numeric(commandArgs(TRUE))
used <- function() sum(proc.time()[1:2])
spent <- 0
for (line in readLines(file("stdin"))) {
  y <- ts(scan(text = line, quiet = TRUE), frequency = a[2])
  began <- used()
  f <- forecast::stlf(y, h = a[1], method = "ets", s.window = "periodic")
  spent <- spent + used() - began
  cat(format(as.numeric(f$mean), digits = 10), "\n")
}
cat("cpu", spent, "\n")
