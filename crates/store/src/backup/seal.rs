//! The bytes of a backup: `MAGIC`, length of the header (four bytes, big endian), the header as JSON,
//! then pieces.
//!
//! A piece is 64 KiB of the content, the last one shorter or empty, encrypted with
//! XChaCha20-Poly1305. Its nonce is the file's 19 random bytes, the piece's number and whether it is
//! the last one (the STREAM construction), and the header is authenticated with each: a piece that was
//! changed, moved, left out or cut off does not decrypt, nor does one of another file.

use std::io::{self, Read, Write};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::{
    BackupError,
    key::{BackupSecret, KeyRule},
};
use crate::{MasterKey, crypto::hex};

const MAGIC: &[u8; 16] = b"grok2api backup\n";
const FORMAT: u32 = 1;
const PIECE: usize = 64 * 1024;
const TAG: usize = 16;
const PREFIX: usize = 19;
const SALT: usize = 32;
const MAX_HEADER: usize = 64 * 1024;

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    /// Unix milliseconds.
    created_ms: i64,
    key: KeyRule,
    salt: String,
    /// Tells a wrong key from a damaged file.
    check: String,
    nonce: String,
}

/// The parts of a file that every piece needs.
struct Pieces {
    cipher: XChaCha20Poly1305,
    prefix: [u8; PREFIX],
    header: Vec<u8>,
    number: u32,
}

impl Pieces {
    fn nonce(&self, is_last: bool) -> XNonce {
        let mut nonce = [0; PREFIX + 5];
        nonce[..PREFIX].copy_from_slice(&self.prefix);
        nonce[PREFIX..PREFIX + 4].copy_from_slice(&self.number.to_be_bytes());
        nonce[PREFIX + 4] = u8::from(is_last);
        nonce.into()
    }

    fn payload<'a>(&'a self, piece: &'a [u8]) -> Payload<'a, 'a> {
        Payload {
            msg: piece,
            aad: &self.header,
        }
    }

    /// Counts on; a file has four billion pieces at most.
    fn count(&mut self) -> io::Result<()> {
        self.number = self
            .number
            .checked_add(1)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(())
    }
}

/// Encrypts what is written to it.
pub(super) struct Sealer<W> {
    file: W,
    pieces: Pieces,
    waiting: Vec<u8>,
}

impl<W: Write> Sealer<W> {
    pub(super) fn begin(
        mut file: W,
        master: &MasterKey,
        secret: &BackupSecret,
        created_ms: i64,
    ) -> Result<Self, BackupError> {
        let (mut salt, mut prefix) = ([0; SALT], [0; PREFIX]);
        rand::rng().fill_bytes(&mut salt);
        rand::rng().fill_bytes(&mut prefix);
        let key = secret.file_key(Some(master), &secret.rule(), &salt)?;
        let header = Header {
            format: FORMAT,
            created_ms,
            key: secret.rule(),
            salt: hex(&salt),
            check: hex(&key.check),
            nonce: hex(&prefix),
        };
        let header = serde_json::to_vec(&header).map_err(io::Error::other)?;
        let length = u32::try_from(header.len()).map_err(io::Error::other)?;
        file.write_all(MAGIC)?;
        file.write_all(&length.to_be_bytes())?;
        file.write_all(&header)?;
        Ok(Self {
            file,
            pieces: Pieces {
                cipher: XChaCha20Poly1305::new((&key.key).into()),
                prefix,
                header,
                number: 0,
            },
            waiting: Vec::with_capacity(PIECE),
        })
    }

    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = self.pieces.nonce(is_last);
        let sealed = self
            .pieces
            .cipher
            .encrypt(&nonce, self.pieces.payload(&self.waiting));
        self.file
            .write_all(&sealed.map_err(|_| io::ErrorKind::InvalidInput)?)?;
        self.waiting.clear();
        self.pieces.count()
    }

    /// Writes the last piece.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.seal(true)?;
        self.file.flush()
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full piece waits until something follows: the last one is marked.
        if self.waiting.len() == PIECE {
            self.seal(false)?;
        }
        let fits = bytes.len().min(PIECE - self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads what a [`Sealer`] wrote.
pub(super) struct Opener<R> {
    file: R,
    pieces: Pieces,
    pub(super) created_ms: i64,
    /// Read and not decrypted: a piece, and the first byte behind it.
    sealed: Vec<u8>,
    plain: Vec<u8>,
    at: usize,
    is_over: bool,
    failure: Option<BackupError>,
}

impl<R: Read> Opener<R> {
    pub(super) fn begin(
        mut file: R,
        master: Option<&MasterKey>,
        secret: &BackupSecret,
    ) -> Result<Self, BackupError> {
        let bytes = read_header(&mut file)?;
        let format: Format = serde_json::from_slice(&bytes).map_err(|_| BackupError::NotABackup)?;
        if format.format > FORMAT {
            return Err(BackupError::Newer(format.format));
        }
        let header: Header = serde_json::from_slice(&bytes).map_err(|_| BackupError::NotABackup)?;
        let salt = from_hex(&header.salt).ok_or(BackupError::NotABackup)?;
        let prefix = from_hex(&header.nonce).and_then(|bytes| bytes.try_into().ok());
        let key = secret.file_key(master, &header.key, &salt)?;
        if hex(&key.check) != header.check {
            return Err(secret.wrong());
        }
        Ok(Self {
            file,
            pieces: Pieces {
                cipher: XChaCha20Poly1305::new((&key.key).into()),
                prefix: prefix.ok_or(BackupError::NotABackup)?,
                header: bytes,
                number: 0,
            },
            created_ms: header.created_ms,
            sealed: Vec::new(),
            plain: Vec::new(),
            at: 0,
            is_over: false,
            failure: None,
        })
    }

    /// Why reading failed.
    pub(super) fn failure(&mut self, error: io::Error) -> BackupError {
        self.failure.take().unwrap_or(BackupError::Io(error))
    }

    fn fail(&mut self, failure: BackupError) -> io::Error {
        self.failure = Some(failure);
        io::ErrorKind::InvalidData.into()
    }

    /// Decrypts the next piece.
    fn open(&mut self) -> io::Result<()> {
        let wanted = (PIECE + TAG + 1 - self.sealed.len()) as u64;
        self.file
            .by_ref()
            .take(wanted)
            .read_to_end(&mut self.sealed)?;
        let is_last = self.sealed.len() <= PIECE + TAG;
        let rest = self.sealed.split_off(self.sealed.len().min(PIECE + TAG));
        let decrypt = |is_last| {
            let nonce = self.pieces.nonce(is_last);
            self.pieces
                .cipher
                .decrypt(&nonce, self.pieces.payload(&self.sealed))
        };
        let Ok(plain) = decrypt(is_last) else {
            // A whole piece at the end of the file that was followed by others is one sign that it was
            // cut off; a part of a piece, which is nothing, is the other.
            let piece = self.pieces.number;
            let is_cut = is_last && (decrypt(false).is_ok() || self.sealed.len() < TAG);
            return Err(self.fail(match is_cut {
                true => BackupError::CutOff,
                false => BackupError::Damaged { piece },
            }));
        };
        self.plain = plain;
        self.at = 0;
        self.sealed = rest;
        self.is_over = is_last;
        self.pieces.count()
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.plain.len() {
            if self.is_over {
                return Ok(0);
            }
            self.open()?;
        }
        let waiting = &self.plain[self.at..];
        let length = waiting.len().min(into.len());
        into[..length].copy_from_slice(&waiting[..length]);
        self.at += length;
        Ok(length)
    }
}

/// What every version's header says.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

fn read_header(file: &mut impl Read) -> Result<Vec<u8>, BackupError> {
    let (mut magic, mut length) = ([0; MAGIC.len()], [0; 4]);
    let short = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => BackupError::NotABackup,
        _ => BackupError::Io(error),
    };
    file.read_exact(&mut magic).map_err(short)?;
    if &magic != MAGIC {
        return Err(BackupError::NotABackup);
    }
    file.read_exact(&mut length).map_err(short)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > MAX_HEADER {
        return Err(BackupError::NotABackup);
    }
    let mut header = vec![0; length];
    file.read_exact(&mut header).map_err(short)?;
    Ok(header)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}
