/* Moving a map in its sheet: drag, pinch, wheel, double click and keys. `map` has
   zoom(factor, x, y), which tells whether anything changed, pan(dx, dy), fit(), over(x, y, event) of
   a mouse without a button, tap(x, y, event), enter(), escape(), and keyed() after any key. */
const moving = (sheet, map) => {
  "use strict";
  const local = (event) => {
    const box = sheet.getBoundingClientRect();
    return [event.clientX - box.left - sheet.clientLeft, event.clientY - box.top - sheet.clientTop];
  };
  const fingers = new Map();
  let travelled = 0;
  sheet.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button") || event.button > 0) return;
    sheet.setPointerCapture(event.pointerId);
    if (fingers.size === 0) travelled = 0;
    fingers.set(event.pointerId, local(event));
  });
  sheet.addEventListener("pointermove", (event) => {
    const now = local(event), before = fingers.get(event.pointerId);
    if (!before) { map.over(...now, event); return; }
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (others.length) {
      const far = (place) => Math.hypot(place[0] - others[0][0], place[1] - others[0][1]) || 1;
      map.zoom(far(now) / far(before), (now[0] + others[0][0]) / 2, (now[1] + others[0][1]) / 2);
    } else if (travelled > 4) {
      sheet.classList.add("moving");
      map.pan(now[0] - before[0], now[1] - before[1]);
    }
    fingers.set(event.pointerId, now);
  });
  const lift = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    sheet.classList.remove("moving");
    if (event.type === "pointerup" && travelled <= 4 && fingers.size === 0) map.tap(...local(event), event);
  };
  sheet.addEventListener("pointerup", lift);
  sheet.addEventListener("pointercancel", lift);
  sheet.addEventListener("dblclick", (event) => {
    if (!event.target.closest("button")) map.zoom(2, ...local(event));
  });
  sheet.addEventListener("wheel", (event) => { // at its end, the wheel moves the page again
    const factor = 1.0018 ** -event.deltaY * (event.deltaMode ? 1.0018 ** (-event.deltaY * 30) : 1);
    if (map.zoom(factor, ...local(event))) event.preventDefault();
  }, { passive: false });
  sheet.addEventListener("keydown", (event) => {
    if (event.target !== sheet) return;
    const step = 60;
    const keys = {
      ArrowLeft: () => map.pan(step, 0), ArrowRight: () => map.pan(-step, 0),
      ArrowUp: () => map.pan(0, step), ArrowDown: () => map.pan(0, -step),
      "+": () => map.zoom(1.5), "=": () => map.zoom(1.5), "-": () => map.zoom(1 / 1.5), 0: map.fit,
      Enter: map.enter, Escape: map.escape,
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
    map.keyed();
  });
};
