/*
 * xgboost.h - where the method 'xgboost' is built in, and where not
 * Gradient-boosted trees of the library XGBoost (Chen and Guestrin 2016,
 * XGBoost: a scalable tree boosting system) on the features of the method
 * 'forest' (features.h): target and features are differences from the recent
 * level, in logarithms. `make XGBOOST=1` links the library; without it
 * method_find knows no such method, and a model made by it cannot be read.
 */
#ifndef MODEL_XGBOOST_H
#define MODEL_XGBOOST_H

#include "model/method.h"

#ifdef WITH_XGBOOST
extern const struct method method_xgboost;
#endif

#endif
