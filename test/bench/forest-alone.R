# forest-alone.R FOLDER TREES MINLEAF MTRY SHARE DEPTH
# ranger's forest on the matrix that forest-alone wrote into FOLDER, with
# quantiles; a line of JSON as from forest-alone. Exits 3 where ranger is not
# there. One thread.
if (!suppressWarnings(suppressMessages(requireNamespace("ranger",
    quietly = TRUE)))) quit(status = 3)
a <- commandArgs(TRUE)
folder <- a[1]
number <- as.numeric(a[-1])
floats <- function(name) {
  path <- file.path(folder, name)
  readBin(path, "numeric", file.size(path) / 4, size = 4)
}
used <- function() sum(proc.time()[1:2])
y <- floats("y")
held_y <- floats("held-y")
x <- matrix(floats("x"), length(y), byrow = TRUE)
held_x <- matrix(floats("held-x"), length(held_y), byrow = TRUE)
colnames(x) <- colnames(held_x) <- paste0("f", seq_len(ncol(x)))
level <- c(.5, .8, .9, .95, .99)
started <- used()
# a node of fewer than two leaves' rows is not split
m <- ranger::ranger(x = x, y = y, num.trees = number[1],
  min.node.size = 2 * number[2], mtry = number[3],
  sample.fraction = number[4], max.depth = number[5], replace = TRUE,
  quantreg = TRUE, num.threads = 1, seed = 1)
fitted <- used()
said <- predict(m, held_x, num.threads = 1)$predictions
asked <- used()
q <- predict(m, held_x, type = "quantiles", quantiles = level,
  num.threads = 1)$predictions
off <- held_y - said
loss <- sapply(seq_along(level), function(k) {
  d <- held_y - q[, k]
  mean(d * (level[k] - (d < 0)))
})
cat(sprintf(paste0("{\"rows\":%d,\"held\":%d,\"features\":%d,\"fit_s\":%g,",
  "\"predict_s\":%g,\"mae_median\":%g,\"mae_mean\":%g,\"rmse\":%g,",
  "\"pinball\":%g}\n"), length(y), length(held_y), ncol(x), fitted - started,
  asked - fitted, mean(abs(held_y - q[, 1])), mean(abs(off)),
  sqrt(mean(off^2)), mean(loss)))
