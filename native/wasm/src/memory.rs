//! Arguments: the host asks for a buffer, writes into it, and names it in a call, which takes it.

use std::cell::RefCell;

thread_local! {
    static BUFFERS: RefCell<Vec<Option<Vec<u8>>>> = const { RefCell::new(Vec::new()) };
}

/// The number of a new buffer of `length` bytes; u32::MAX where there is no memory for it.
#[no_mangle]
pub extern "C" fn buffer(length: usize) -> u32 {
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(length).is_err() {
        return u32::MAX;
    }
    bytes.resize(length, 0);
    BUFFERS.with_borrow_mut(|buffers| match buffers.iter().position(Option::is_none) {
        Some(free) => {
            buffers[free] = Some(bytes);
            free as u32
        }
        None => {
            buffers.push(Some(bytes));
            buffers.len() as u32 - 1
        }
    })
}

/// Where a buffer lies.
#[no_mangle]
pub extern "C" fn buffer_start(number: u32) -> *mut u8 {
    BUFFERS.with_borrow_mut(|buffers| match buffers.get_mut(number as usize) {
        Some(Some(bytes)) => bytes.as_mut_ptr(),
        _ => std::ptr::null_mut(),
    })
}

/// A buffer's bytes; none where there is no such buffer.
pub fn take(number: u32) -> Vec<u8> {
    BUFFERS.with_borrow_mut(|buffers| buffers.get_mut(number as usize).and_then(Option::take)).unwrap_or_default()
}

pub fn take_text(number: u32) -> String {
    String::from_utf8_lossy(&take(number)).into_owned()
}
