//! The frames by which the imagine socket tells of its pictures.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    picture::{Picture, Stage},
    reply::{PictureStage, Reply},
};

/// What is sent, or done, next.
pub(crate) enum Frame {
    Text(String),
    /// The connection breaks.
    Reset,
    /// Nothing more comes, and the socket stays open.
    Silence,
}

/// How frames look.
pub(crate) struct Form {
    /// Without percentage and status.
    pub(crate) is_older: bool,
    /// Scheme and host of addresses.
    pub(crate) origin: String,
    pub(crate) prompt: String,
}

/// An error frame.
pub(crate) fn error(code: &str, message: &str) -> String {
    json!({"type": "error", "err_code": code, "err_msg": message}).to_string()
}

/// The frames of one request, each drawn when it is its turn.
pub(crate) struct Frames {
    plan: std::vec::IntoIter<Planned>,
    pictures: Vec<(String, Picture)>,
    reply: Reply,
    form: Form,
}

#[derive(Clone)]
enum Planned {
    Line(String),
    Picture(usize, Stage),
    Status { index: usize, moderated: bool },
    Error,
    Reset,
    Silence,
}

impl Frames {
    pub(crate) fn new(pictures: Vec<(String, Picture)>, reply: &Reply, form: Form) -> Self {
        Self {
            plan: plan(pictures.len(), reply, form.is_older).into_iter(),
            pictures,
            reply: reply.clone(),
            form,
        }
    }

    fn draw(&self, index: usize, stage: Stage) -> Option<String> {
        let (id, picture) = self.pictures.get(index)?;
        let extension = picture.format.extension();
        let url = format!("{}/images/{id}.{extension}", self.form.origin);
        let mut frame = json!({"type": "image", "url": url});
        if self.reply != Reply::LinkedPictures {
            frame["blob"] = STANDARD.encode(self.file(*picture, stage)).into();
        }
        if !self.form.is_older {
            let (width, height) = picture.size();
            frame["image_id"] = id.as_str().into();
            frame["order"] = index.into();
            frame["percentage_complete"] = percentage(stage).into();
            frame["width"] = width.into();
            frame["height"] = height.into();
            frame["prompt"] = self.form.prompt.as_str().into();
        }
        Some(frame.to_string())
    }

    fn file(&self, picture: Picture, stage: Stage) -> Vec<u8> {
        match (&self.reply, stage) {
            (Reply::WrongType, _) => b"<!DOCTYPE html><title>Not a picture</title>".repeat(3000),
            (Reply::HugePicture { size_bytes }, Stage::Final) => {
                let mut file = picture.draw(Stage::Final);
                file.resize(*size_bytes, 0);
                file
            }
            _ => picture.draw(stage),
        }
    }

    fn status(&self, index: usize, moderated: bool) -> Option<String> {
        let (id, _) = self.pictures.get(index)?;
        let status: Value = json!({
            "type": "json",
            "current_status": "completed",
            "image_id": id,
            "order": index,
            "moderated": moderated,
        });
        Some(status.to_string())
    }
}

impl Iterator for Frames {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let text = match self.plan.next()? {
            Planned::Picture(index, stage) => self.draw(index, stage)?,
            Planned::Status { index, moderated } => self.status(index, moderated)?,
            Planned::Line(text) => text,
            Planned::Error => match &self.reply {
                Reply::SocketError { code, .. } => error(code, "the request failed"),
                _ => error("internal_error", "the request failed"),
            },
            Planned::Reset => return Some(Frame::Reset),
            Planned::Silence => return Some(Frame::Silence),
        };
        Some(Frame::Text(text))
    }
}

fn plan(count: usize, reply: &Reply, is_older: bool) -> Vec<Planned> {
    let stages = |last: Stage| {
        Stage::ALL
            .into_iter()
            .filter(move |stage| *stage <= last)
            .flat_map(move |stage| (0..count).map(move |index| Planned::Picture(index, stage)))
    };
    let statuses = |moderated| {
        let known = if is_older { 0 } else { count };
        (0..known).map(move |index| Planned::Status { index, moderated })
    };
    let good = || stages(Stage::Final).chain(statuses(false));
    match reply {
        Reply::Lines { lines } => lines.iter().cloned().map(Planned::Line).collect(),
        Reply::ModeratedPicture { after } => {
            let silence = is_older.then_some(Planned::Silence);
            let shown = stages(last_stage(*after)).chain(statuses(true));
            shown.chain(silence).collect()
        }
        Reply::SocketError { after_lines, .. } => {
            good().take(*after_lines).chain([Planned::Error]).collect()
        }
        Reply::Cut { after_lines } => good().take(*after_lines).chain([Planned::Reset]).collect(),
        Reply::Stall { after_lines } => good()
            .take(*after_lines)
            .chain([Planned::Silence])
            .collect(),
        _ => good().collect(),
    }
}

fn last_stage(after: PictureStage) -> Stage {
    match after {
        PictureStage::Preview => Stage::Preview,
        PictureStage::Medium => Stage::Medium,
        PictureStage::Final => Stage::Final,
    }
}

fn percentage(stage: Stage) -> u32 {
    match stage {
        Stage::Preview => 25,
        Stage::Medium => 60,
        Stage::Final => 100,
    }
}
