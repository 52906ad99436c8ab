//! Threads that the host starts: each is a worker with an instance of this module over the same memory. The host gives an
//! instance a stack ([`thread_stack`]) and thread-local memory, and calls [`thread_main`], which becomes a thread of rayon's
//! pool and does not return. When all of them wait there, [`start_pool`] makes the pool.
//!
//! The traps: waiting blocks, which a page's own thread may not do; and a stack has no guard below it.

use std::alloc::{alloc, Layout};
use std::sync::{Condvar, Mutex, PoisonError};

use rayon::{ThreadBuilder, ThreadPoolBuilder};

/// Bytes of a thread's stack: the deepest calls are rayon's halving of work.
const STACK_BYTES: usize = 1 << 20;
const STACK_ALIGN: usize = 16;

/// Threads of the pool that no worker has become yet.
static WAITING: Mutex<Vec<ThreadBuilder>> = Mutex::new(Vec::new());
static ARRIVED: Condvar = Condvar::new();

/// The upper end of a new stack, which is the thread's for good; null where there is no memory for it.
#[no_mangle]
pub extern "C" fn thread_stack() -> *mut u8 {
    match Layout::from_size_align(STACK_BYTES, STACK_ALIGN) {
        // SAFETY: the size is not 0.
        Ok(layout) => match unsafe { alloc(layout) } {
            start if start.is_null() => start,
            start => start.wrapping_add(STACK_BYTES),
        },
        Err(_) => std::ptr::null_mut(),
    }
}

/// Room for the thread-local variables of a thread; null where there is none.
#[no_mangle]
pub extern "C" fn thread_local_room(size: usize, align: usize) -> *mut u8 {
    match Layout::from_size_align(size.max(1), align.max(1)) {
        // SAFETY: the size is not 0.
        Ok(layout) => unsafe { alloc(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}

/// Becomes a thread of the pool, as soon as there is one to become.
#[no_mangle]
pub extern "C" fn thread_main() {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let thread = loop {
        match waiting.pop() {
            Some(thread) => break thread,
            None => waiting = ARRIVED.wait(waiting).unwrap_or_else(PoisonError::into_inner),
        }
    };
    drop(waiting);
    thread.run();
}

/// Makes the pool of `count` threads, as many as wait in [`thread_main`]; 0 where that worked.
#[no_mangle]
pub extern "C" fn start_pool(count: usize) -> u32 {
    let pool = ThreadPoolBuilder::new().num_threads(count).spawn_handler(|thread| {
        WAITING.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        ARRIVED.notify_one();
        Ok(())
    });
    u32::from(pool.build_global().is_err())
}
