//! msm
