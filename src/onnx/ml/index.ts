/** The operator table of the domain ai.onnx.ml: one row an operator, as in ops/index.ts. */
import type { OnnxOperator } from '../ops/context.js';
import {
  foldArrayFeatureExtractor,
  lowerArrayFeatureExtractor,
  lowerBinarizer,
  lowerFeatureVectorizer,
  lowerImputer,
  lowerNormalizer,
  lowerOneHotEncoder,
  lowerScaler,
} from './features.js';
import { lowerCategoryMapper, lowerLabelEncoder, lowerZipMap } from './labels.js';
import { lowerLinearClassifier, lowerLinearRegressor } from './linear.js';
import { lowerSvmClassifier, lowerSvmRegressor } from './svm.js';
import { lowerTreeEnsemble, lowerTreeEnsembleClassifier, lowerTreeEnsembleRegressor } from './trees.js';

export const ML_OPERATORS: Readonly<Record<string, OnnxOperator>> = {
  ArrayFeatureExtractor: { lower: lowerArrayFeatureExtractor, fold: foldArrayFeatureExtractor },
  Binarizer: { lower: lowerBinarizer },
  CategoryMapper: { lower: lowerCategoryMapper },
  FeatureVectorizer: { lower: lowerFeatureVectorizer },
  Imputer: { lower: lowerImputer },
  LabelEncoder: { lower: lowerLabelEncoder },
  LinearClassifier: { lower: lowerLinearClassifier },
  LinearRegressor: { lower: lowerLinearRegressor },
  Normalizer: { lower: lowerNormalizer, afterSoftmax: 'carries' },
  OneHotEncoder: { lower: lowerOneHotEncoder },
  Scaler: { lower: lowerScaler },
  SVMClassifier: { lower: lowerSvmClassifier },
  SVMRegressor: { lower: lowerSvmRegressor },
  TreeEnsemble: { lower: lowerTreeEnsemble },
  TreeEnsembleClassifier: { lower: lowerTreeEnsembleClassifier },
  TreeEnsembleRegressor: { lower: lowerTreeEnsembleRegressor },
  ZipMap: { lower: lowerZipMap, afterSoftmax: 'carries' },
};
