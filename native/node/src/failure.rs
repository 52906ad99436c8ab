//! Errors as JavaScript sees them: an Error whose `code`, `file`, `section` and `reason` are properties.

use napi::bindgen_prelude::{Env, Error, JsValue, Result};

use zkinfer_native::failure::Failure;

/// The JavaScript Error, to be thrown or rejected with.
pub fn into_error(failure: Failure, env: &Env) -> Error {
    match build(failure, env) {
        Ok(error) | Err(error) => error,
    }
}

fn build(failure: Failure, env: &Env) -> Result<Error> {
    let mut error = env.create_error(Error::from_reason(failure.message))?;
    error.set("code", failure.code)?;
    error.set("file", failure.file)?;
    error.set("section", failure.section)?;
    error.set("reason", failure.reason)?;
    Ok(Error::from(error.to_unknown()))
}
