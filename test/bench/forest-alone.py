#!/usr/bin/python3
"""forest-alone.py sklearn|xgboost FOLDER TREES MINLEAF MTRY SHARE DEPTH

Another library's forest on the matrix that forest-alone wrote into FOLDER,
with the same trees, leaves and shares; a line of JSON as from forest-alone.
Exits 3 where the library is not there. One thread.
"""
import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"


def grow_sklearn(x, y, trees, minleaf, mtry, share, depth):
    from sklearn.ensemble import RandomForestRegressor
    model = RandomForestRegressor(
        n_estimators=trees, min_samples_leaf=minleaf, max_features=mtry,
        max_samples=share, max_depth=depth, n_jobs=1, random_state=1)
    started = time.process_time()
    model.fit(x, y)
    return time.process_time() - started, model.predict


def grow_xgboost(x, y, trees, minleaf, mtry, share, depth):
    import xgboost
    started = time.process_time()
    # no shrinkage, no penalty, one round of many trees: a random forest
    model = xgboost.train(
        {"nthread": 1, "tree_method": "hist", "num_parallel_tree": trees,
         "min_child_weight": minleaf, "colsample_bynode": mtry / x.shape[1],
         "subsample": share, "max_depth": depth, "eta": 1, "lambda": 0,
         "base_score": float(y.mean()), "seed": 1},
        xgboost.DMatrix(x, label=y, nthread=1), num_boost_round=1)
    return (time.process_time() - started,
            lambda rows: model.predict(xgboost.DMatrix(rows, nthread=1)))


def main():
    grow = {"sklearn": grow_sklearn, "xgboost": grow_xgboost}[sys.argv[1]]
    folder = sys.argv[2]
    trees, minleaf, mtry = (int(a) for a in sys.argv[3:6])
    share, depth = float(sys.argv[6]), int(sys.argv[7])
    try:
        import numpy
        __import__(sys.argv[1])
    except ImportError:
        sys.exit(3)

    def read(name):
        return numpy.fromfile(os.path.join(folder, name), numpy.float32)

    y, held_y = read("y"), read("held-y")
    x = read("x").reshape(len(y), -1)
    held_x = read("held-x").reshape(len(held_y), -1)
    fit_s, ask = grow(x, y, trees, minleaf, mtry, share, depth)
    started = time.process_time()
    said = ask(held_x)
    predict_s = time.process_time() - started
    off = held_y - said
    print(json.dumps({
        "rows": len(y), "held": len(held_y), "features": x.shape[1],
        "fit_s": fit_s, "predict_s": predict_s,
        "mae_mean": float(abs(off).mean()),
        "rmse": float((off ** 2).mean() ** 0.5)}))


main()
