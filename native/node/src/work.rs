//! A closure on libuv's thread pool, its result as a promise. The event loop only starts it and hands over the result.
//!
//! The trap: a panic in a pool thread would unwind into C and abort the process. Everything runs inside
//! `catch_unwind`, and a panic becomes an Error with code `INTERNAL`.

use std::panic::{catch_unwind, AssertUnwindSafe};

use napi::bindgen_prelude::{AsyncTask, Env, Error, Result, Task, ToNapiValue, TypeName};
use zkinfer_native::failure::Failure;

use super::failure::into_error;

type Job<T> = Box<dyn FnOnce() -> std::result::Result<T, Failure> + Send>;

pub struct Work<T> {
    job: Option<Job<T>>,
    failure: Option<Failure>,
}

/// Runs `job` off the event loop.
pub fn spawn<T>(job: impl FnOnce() -> std::result::Result<T, Failure> + Send + 'static) -> AsyncTask<Work<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    AsyncTask::new(Work { job: Some(Box::new(job)), failure: None })
}

impl<T: ToNapiValue + TypeName + Send + 'static> Task for Work<T> {
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        let outcome = match self.job.take() {
            Some(job) => catch_unwind(AssertUnwindSafe(job))
                .unwrap_or_else(|panic| Err(Failure::new("INTERNAL", panic_text(panic.as_ref())))),
            None => Err(Failure::new("INTERNAL", "the work ran twice")),
        };
        outcome.map_err(|failure| {
            self.failure = Some(failure);
            Error::from_reason("see reject")
        })
    }

    fn resolve(&mut self, _env: Env, output: T) -> Result<T> {
        Ok(output)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<T> {
        Err(self.failure.take().map_or(error, |failure| into_error(failure, &env)))
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    format!("internal error in the native prover (please report it): {text}")
}
