use super::*;

const CREATED_MS: i64 = 1_772_700_000_000;

fn master(byte: u8) -> MasterKey {
    MasterKey::from_bytes([byte; 32])
}

/// The bytes of a file with this content.
fn sealed(content: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let secret = BackupSecret::MasterKey;
    let mut sealer = Sealer::begin(&mut file, &master(1), &secret, CREATED_MS).unwrap();
    sealer.write_all(content).unwrap();
    sealer.finish().unwrap();
    file
}

fn opened(file: &[u8]) -> Result<Vec<u8>, BackupError> {
    let mut opener = Opener::begin(file, Some(&master(1)), &BackupSecret::MasterKey)?;
    let mut content = Vec::new();
    match opener.read_to_end(&mut content) {
        Ok(_) => Ok(content),
        Err(error) => Err(opener.failure(error)),
    }
}

fn error(file: &[u8]) -> String {
    opened(file).unwrap_err().to_string()
}

#[test]
fn contents_of_any_length_come_back() {
    for length in [0, 1, 65_535, 65_536, 65_537, 200_000] {
        let content: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        assert_eq!(opened(&sealed(&content)).unwrap(), content, "{length}");
    }
}

#[test]
fn what_was_cut_off_changed_or_moved_is_refused() {
    let file = sealed(&vec![7; 150_000]);
    let start = file.len() - (150_000 + 3 * 16);
    let piece = 65_536 + 16;
    let cut = "the backup is cut off: its end is missing";
    assert_eq!(error(&file[..start + 2 * piece]), cut);
    assert_eq!(error(&file[..start + piece]), cut);
    assert_eq!(error(&file[..start]), cut);
    assert!(error(&file[..start + piece + 100]).starts_with("the backup is damaged: piece 1 "));
    for at in [start, start + piece + 5, file.len() - 1] {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(
            error(&changed).contains("was changed, moved or lost"),
            "{at}"
        );
    }
    let mut moved = file.clone();
    let (first, second) = (start..start + piece, start + piece..start + 2 * piece);
    moved[first.clone()].copy_from_slice(&file[second.clone()]);
    moved[second].copy_from_slice(&file[first]);
    assert!(error(&moved).starts_with("the backup is damaged: piece 0 "));
    let mut longer = file.clone();
    longer.extend([0; 3]);
    assert!(error(&longer).contains("was changed, moved or lost"));
}

#[test]
fn a_header_that_was_changed_and_other_files_are_refused() {
    let file = sealed(b"x");
    let text = String::from_utf8_lossy(&file).into_owned();
    let time = text.find("1772700000000").unwrap();
    let mut changed = file.clone();
    changed[time] = b'2';
    assert!(error(&changed).contains("piece 0 was changed"));
    for other in [
        &b""[..],
        b"grok2api",
        b"grok2api backup\n\xff\xff\xff\xff",
        &[0; 100],
    ] {
        assert_eq!(error(other), "the file is no backup of grok2api");
    }
    let newer = text.find("\"format\":1").unwrap() + 9;
    changed[newer] = b'9';
    assert!(error(&changed).contains("a newer version (format 9)"));
}

#[test]
fn another_key_is_told_from_a_damaged_file() {
    let file = sealed(b"x");
    let with = |master: Option<&MasterKey>, secret: &BackupSecret| {
        Opener::begin(&file[..], master, secret)
            .map(drop)
            .unwrap_err()
    };
    let wrong = with(Some(&master(2)), &BackupSecret::MasterKey);
    assert!(matches!(wrong, BackupError::WrongKey));
    let none = with(None, &BackupSecret::MasterKey);
    assert!(matches!(none, BackupError::WrongKey));
    let passphrase = BackupSecret::passphrase("correct horse").unwrap();
    assert!(matches!(
        with(None, &passphrase),
        BackupError::NeedsMasterKey
    ));
    let mut file = Vec::new();
    let sealer = Sealer::begin(&mut file, &master(1), &passphrase, 0).unwrap();
    sealer.finish().unwrap();
    let with = |secret: &BackupSecret| Opener::begin(&file[..], None, secret).map(drop);
    assert!(with(&passphrase).is_ok(), "no key of the machine is needed");
    let other = BackupSecret::passphrase("wrong horse").unwrap();
    assert!(matches!(with(&other), Err(BackupError::WrongPassphrase)));
    assert!(matches!(
        with(&BackupSecret::MasterKey),
        Err(BackupError::NeedsPassphrase)
    ));
    assert!(BackupSecret::passphrase(" short  ").is_err());
}
