use super::*;

fn png(shade: u8, filling: usize) -> Bytes {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0".to_vec();
    file.extend(vec![shade; filling]);
    file.into()
}

#[tokio::test]
async fn equal_files_are_one_and_names_are_no_paths() {
    let folder = tempfile::tempdir().unwrap();
    let files = MediaFiles::open(folder.path()).unwrap();
    let first = files.store_image(png(1, 10)).await.unwrap();
    assert_eq!(files.store_image(png(1, 10)).await.unwrap(), first);
    assert_ne!(files.store_image(png(2, 10)).await.unwrap(), first);
    assert_eq!((first.width, first.height, first.mime), (2, 3, "image/png"));
    let (place, _reading) = files.read(MediaKind::Image, &first.name).unwrap();
    assert_eq!(fs::read(place).unwrap(), png(1, 10));
    for odd in [
        "",
        "..",
        "../a.png",
        "a.png",
        &format!("{}.png/", "a".repeat(40)),
    ] {
        assert!(files.read(MediaKind::Image, odd).is_none(), "{odd}");
    }
    let page = Bytes::from_static(b"<!DOCTYPE html>");
    let refused = files.store_image(page).await.unwrap_err();
    assert!(matches!(refused, MediaError::NotAPicture));
}

#[tokio::test]
async fn a_deleted_file_is_gone_at_once_and_leaves_with_its_last_reader() {
    let folder = tempfile::tempdir().unwrap();
    let files = MediaFiles::open(folder.path()).unwrap();
    let name = files.store_image(png(1, 10)).await.unwrap().name;
    let (place, first) = files.read(MediaKind::Image, &name).unwrap();
    let (_, second) = files.read(MediaKind::Image, &name).unwrap();
    let delete = || files.remove(vec![(MediaKind::Image, name.clone())]);
    delete().await.unwrap();
    assert!(files.read(MediaKind::Image, &name).is_none());
    drop(first);
    assert!(place.exists(), "one still reads it");
    drop(second);
    assert!(!place.exists());
    delete().await.unwrap();
    files.store_image(png(1, 10)).await.unwrap();
    let (_, reading) = files.read(MediaKind::Image, &name).unwrap();
    delete().await.unwrap();
    files.store_image(png(1, 10)).await.unwrap();
    drop(reading);
    assert!(place.exists(), "made again meanwhile");
    delete().await.unwrap();
    assert!(!place.exists());
}
