//! The picture itself, and how fingers, mouse and wheel enlarge and move it.

use super::{
    Lightbox,
    zoom::{Point, STEP, Zoom},
};
use leptos::{ev, html, prelude::*};

/// The id of the stage in the document.
const STAGE_ID: &str = "lightbox-stage";
/// A swipe of this many pixels turns to a neighbour.
const SWIPE: f64 = 60.0;
/// Of one pixel of the wheel.
const WHEEL_STEP: f64 = 0.002;

/// A finger, or the mouse with its button down.
#[derive(Clone, Copy)]
struct Pointer {
    id: i32,
    at: Point,
    /// Where it came down.
    from: Point,
}

/// See the module.
#[component]
pub(super) fn Stage(zoom: RwSignal<Zoom>) -> impl IntoView {
    let lightbox: Lightbox = expect_context();
    let node = NodeRef::<html::Div>::new();
    let pointers = StoredValue::new(Vec::<Pointer>::new());
    let on_wheel = move |event: ev::WheelEvent| {
        event.prevent_default();
        let Some(stage) = node.get_untracked() else {
            return;
        };
        let factor = (1.0 - event.delta_y() * WHEEL_STEP).clamp(0.5, 2.0);
        let around = point(&stage, event.client_x(), event.client_y());
        zoom.update(|zoom| *zoom = zoom.by(factor, around, size(&stage)));
    };
    let on_double_click = move |event: ev::MouseEvent| {
        let Some(stage) = node.get_untracked() else {
            return;
        };
        let around = point(&stage, event.client_x(), event.client_y());
        zoom.update(|zoom| *zoom = zoom.toggled(around, size(&stage)));
    };
    let on_down = move |event: ev::PointerEvent| {
        let Some(stage) = node.get_untracked() else {
            return;
        };
        let _ = stage.set_pointer_capture(event.pointer_id());
        let at = point(&stage, event.client_x(), event.client_y());
        let id = event.pointer_id();
        pointers.update_value(|all| all.push(Pointer { id, at, from: at }));
    };
    let on_move = move |event: ev::PointerEvent| {
        let Some(stage) = node.get_untracked() else {
            return;
        };
        let at = point(&stage, event.client_x(), event.client_y());
        pointers.update_value(|all| drag(all, event.pointer_id(), at, zoom, size(&stage)));
    };
    let on_up = move |event: ev::PointerEvent| {
        let gone = pointers.try_update_value(|all| {
            let at = all.iter().position(|one| one.id == event.pointer_id())?;
            let was_alone = all.len() == 1;
            Some(all.remove(at)).filter(|_| was_alone)
        });
        let way = gone.flatten().map_or(0.0, |one| one.at.x - one.from.x);
        if !zoom.get_untracked().is_enlarged() && way.abs() > SWIPE {
            lightbox.step(way < 0.0);
        }
    };
    let transform = move || {
        let Zoom { scale, offset } = zoom.get();
        format!("translate({}px, {}px) scale({scale})", offset.x, offset.y)
    };
    view! {
        <div
            class="lightbox__stage"
            class:is-enlarged=move || zoom.get().is_enlarged()
            id=STAGE_ID
            node_ref=node
            on:wheel=on_wheel
            on:dblclick=on_double_click
            on:pointerdown=on_down
            on:pointermove=on_move
            on:pointerup=on_up
            on:pointercancel=move |_| pointers.set_value(Vec::new())
        >
            {move || {
                lightbox
                    .picture()
                    .map(|picture| {
                        let thumbnail = picture.thumbnail.clone();
                        view! {
                            <div class="lightbox__zoomed" style:transform=transform>
                                {(!thumbnail.is_empty())
                                    .then(|| {
                                        view! { <img class="lightbox__image" alt="" src=thumbnail /> }
                                    })}
                                <img
                                    class="lightbox__image"
                                    alt=picture.prompt.clone()
                                    src=picture.address.clone()
                                    draggable="false"
                                />
                            </div>
                        }
                    })
            }}
        </div>
    }
}

/// One pointer moves the picture, two enlarge it around their middle.
fn drag(all: &mut [Pointer], id: i32, at: Point, zoom: RwSignal<Zoom>, stage: (f64, f64)) {
    let Some(moved) = all.iter().position(|one| one.id == id) else {
        return;
    };
    let was = all[moved].at;
    let other = all.iter().find(|one| one.id != id).map(|one| one.at);
    all[moved].at = at;
    zoom.update(|zoom| {
        *zoom = match other {
            Some(other) => {
                let factor = at.distance(other) / was.distance(other).max(1.0);
                zoom.by(factor, at.middle(other), stage)
            }
            None => zoom.moved(at.x - was.x, at.y - was.y, stage),
        };
    });
}

/// Enlarges or shrinks around the middle.
pub(super) fn zoom_by(zoom: RwSignal<Zoom>, is_larger: bool) {
    let Some(stage) = document().get_element_by_id(STAGE_ID) else {
        return;
    };
    let factor = if is_larger { STEP } else { 1.0 / STEP };
    zoom.update(|zoom| *zoom = zoom.by(factor, Point::default(), size(&stage)));
}

fn size(stage: &web_sys::Element) -> (f64, f64) {
    (
        f64::from(stage.client_width()),
        f64::from(stage.client_height()),
    )
}

/// A place in the window, from the middle of the stage.
fn point(stage: &web_sys::Element, x: i32, y: i32) -> Point {
    let area = stage.get_bounding_client_rect();
    Point {
        x: f64::from(x) - area.left() - area.width() / 2.0,
        y: f64::from(y) - area.top() - area.height() / 2.0,
    }
}
