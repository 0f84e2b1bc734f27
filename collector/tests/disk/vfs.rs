//! A layer under SQLite that writes down all that is asked of the disk and can refuse it. From the notes any
//! state can be made that a power cut may leave: what was synced is there, of the rest anything.
#![expect(unsafe_code, reason = "SQLite's own interface for this is in C")]

use rusqlite::ffi;
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// What was asked of the disk, in order.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Write {
        file: String,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: String,
        to: usize,
    },
    Delete {
        file: String,
        synced: bool,
    },
    Sync {
        file: String,
    },
    /// Not the disk's: a beacon was acknowledged.
    Acknowledged(u32),
}

/// How the disk fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    Full,
    ReadOnly,
    SyncFails,
}

#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) deeds: Vec<Deed>,
    pub(crate) fault: Fault,
    pub(crate) taking: bool,
}

static NOTES: Mutex<Notes> = Mutex::new(Notes {
    deeds: Vec::new(),
    fault: Fault::None,
    taking: false,
});
static INSTALLED: Once = Once::new();
static mut REAL: *mut ffi::sqlite3_vfs = null_mut();

pub(crate) fn notes() -> MutexGuard<'static, Notes> {
    NOTES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(deed: impl FnOnce() -> Deed) {
    let mut notes = notes();
    if notes.taking {
        notes.deeds.push(deed());
    }
}

#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    real: *mut ffi::sqlite3_file,
    /// Leaked: there are few, and tests end.
    name: *const String,
}

/// Puts the layer under every database that this process opens from now on.
pub(crate) fn install() {
    INSTALLED.call_once(|| {
        // SAFETY: the default VFS lives as long as the process, and so does the leaked copy of it; both are
        // only handed to SQLite. REAL is written once, before anything can read it.
        unsafe {
            ffi::sqlite3_initialize();
            let real = ffi::sqlite3_vfs_find(std::ptr::null());
            REAL = real;
            let mut ours = std::ptr::read(real);
            ours.pNext = null_mut();
            ours.zName = c"noted".as_ptr();
            ours.szOsFile += c_int::try_from(size_of::<File>()).unwrap();
            ours.xOpen = Some(open);
            ours.xDelete = Some(delete);
            let ours = Box::leak(Box::new(ours));
            assert_eq!(ffi::sqlite3_vfs_register(ours, 1), ffi::SQLITE_OK);
        }
    });
}

fn short(path: &str) -> String {
    let name = Path::new(path).file_name();
    name.map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

// SAFETY, for all below: SQLite calls with the files that `open` set up, whose layout is `File` followed by
// the real file, and with buffers of the lengths it says.

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    unsafe {
        let ours = file.cast::<File>();
        let real = ours.add(1).cast::<ffi::sqlite3_file>();
        let result = (*REAL).xOpen.unwrap()(REAL, name, real, flags, out);
        let path = if name.is_null() {
            String::new()
        } else {
            CStr::from_ptr(name).to_string_lossy().into_owned()
        };
        (*ours).base.pMethods = if (*real).pMethods.is_null() {
            std::ptr::null()
        } else {
            &METHODS
        };
        (*ours).real = real;
        (*ours).name = Box::leak(Box::new(short(&path)));
        result
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    unsafe {
        let path = CStr::from_ptr(name).to_string_lossy().into_owned();
        note(|| Deed::Delete {
            file: short(&path),
            synced: sync != 0,
        });
        (*REAL).xDelete.unwrap()(REAL, name, sync)
    }
}

unsafe fn name_of(file: *mut ffi::sqlite3_file) -> String {
    unsafe { (*(*file.cast::<File>()).name).clone() }
}

unsafe fn real_of(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    unsafe { (*file.cast::<File>()).real }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    amount: c_int,
    at: i64,
) -> c_int {
    unsafe {
        match notes().fault {
            Fault::Full => return ffi::SQLITE_FULL,
            Fault::ReadOnly => return ffi::SQLITE_IOERR_WRITE,
            Fault::None | Fault::SyncFails => {}
        }
        let slice =
            std::slice::from_raw_parts(bytes.cast::<u8>(), usize::try_from(amount).unwrap());
        note(|| Deed::Write {
            file: name_of(file),
            at: usize::try_from(at).unwrap(),
            bytes: slice.to_vec(),
        });
        let real = real_of(file);
        (*(*real).pMethods).xWrite.unwrap()(real, bytes, amount, at)
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, to: i64) -> c_int {
    unsafe {
        note(|| Deed::Truncate {
            file: name_of(file),
            to: usize::try_from(to).unwrap(),
        });
        let real = real_of(file);
        (*(*real).pMethods).xTruncate.unwrap()(real, to)
    }
}

/// The real disk is spared: a cut is made from the notes.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    if notes().fault == Fault::SyncFails {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    unsafe {
        note(|| Deed::Sync {
            file: name_of(file),
        });
    }
    ffi::SQLITE_OK
}

macro_rules! passed_on {
    ($($ours:ident => $theirs:ident($($argument:ident: $kind:ty),*) $(-> $result:ty)?;)*) => {$(
        unsafe extern "C" fn $ours(file: *mut ffi::sqlite3_file $(, $argument: $kind)*) $(-> $result)? {
            unsafe {
                let real = real_of(file);
                (*(*real).pMethods).$theirs.unwrap()(real $(, $argument)*)
            }
        }
    )*};
}

passed_on! {
    close => xClose() -> c_int;
    read => xRead(to: *mut c_void, amount: c_int, at: i64) -> c_int;
    size => xFileSize(to: *mut i64) -> c_int;
    lock => xLock(level: c_int) -> c_int;
    unlock => xUnlock(level: c_int) -> c_int;
    check_lock => xCheckReservedLock(to: *mut c_int) -> c_int;
    control => xFileControl(what: c_int, with: *mut c_void) -> c_int;
    sector => xSectorSize() -> c_int;
    features => xDeviceCharacteristics() -> c_int;
    shm_map => xShmMap(page: c_int, size: c_int, extend: c_int, to: *mut *mut c_void) -> c_int;
    shm_lock => xShmLock(at: c_int, count: c_int, flags: c_int) -> c_int;
    shm_barrier => xShmBarrier();
    shm_unmap => xShmUnmap(remove: c_int) -> c_int;
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_lock),
    xFileControl: Some(control),
    xSectorSize: Some(sector),
    xDeviceCharacteristics: Some(features),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// What may be found on the disk after the power went behind the first so many deeds: all that was synced, and
/// of the rest what `lucky` lets through, whole, torn at a sector, or not at all.
pub(crate) fn after_power_cut(
    deeds: &[Deed],
    mut lucky: impl FnMut() -> u64,
) -> HashMap<String, Vec<u8>> {
    let mut last_sync: HashMap<&str, usize> = HashMap::new();
    for (at, deed) in deeds.iter().enumerate() {
        if let Deed::Sync { file } = deed {
            last_sync.insert(file, at);
        }
    }
    let mut files: HashMap<String, Vec<u8>> = HashMap::new();
    for (at, deed) in deeds.iter().enumerate() {
        let synced = |file: &String| last_sync.get(file.as_str()).is_some_and(|sync| *sync > at);
        match deed {
            Deed::Write { file, at, bytes } => {
                let kept = match lucky() % 3 {
                    _ if synced(file) => bytes.len(),
                    0 => 0,
                    1 => bytes.len(),
                    _ => usize::try_from(lucky()).unwrap_or(0) % (bytes.len() / 512 + 1) * 512,
                };
                if kept > 0 {
                    let content = files.entry(file.clone()).or_default();
                    let end = at + kept;
                    content.resize(content.len().max(end), 0);
                    content[*at..end].copy_from_slice(&bytes[..kept]);
                }
            }
            Deed::Truncate { file, to } => {
                if synced(file) || lucky().is_multiple_of(2) {
                    files.entry(file.clone()).or_default().truncate(*to);
                }
            }
            Deed::Delete { file, synced } => {
                // Gone with the folder's sync, or before a file is made anew under the name.
                let anew =
                    |later: &Deed| matches!(later, Deed::Write { file: of, .. } if of == file);
                if *synced || deeds[at..].iter().any(anew) || lucky().is_multiple_of(2) {
                    files.remove(file);
                }
            }
            Deed::Sync { .. } | Deed::Acknowledged(_) => {}
        }
    }
    files
}
