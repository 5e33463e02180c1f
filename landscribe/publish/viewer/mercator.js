/* A map in Mercator's projection that is drawn without any tiles: land on a canvas, shapes in an SVG
   that can be pointed at, names on a second canvas. Lengths of the world: 0 to 1 from west to east
   and from north to south; k are screen pixels of the whole. */
const mercator = (sheet, keys) => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const land = byId("land"), shapes = byId("shapes"), names = byId("names"), locator = byId("locator");
  const NS = "http://www.w3.org/2000/svg", EQUATOR = 40075016.686, MOST = 3e6, EDGE = 85.0511;
  const state = { x: 0.5, y: 0.5, k: 600, home: null, moving: 0, waiting: null };
  const told = { world: [], small: null, near: null, detail: null, towns: [], grounds: [], own: null, others: [], names: [] };
  const marked = { chosen: null, pointed: null }; // numbers of grounds

  /* What lies where. */
  const worldX = (lon) => lon / 360 + 0.5;
  const worldY = (lat) => {
    const sine = Math.sin(Math.min(Math.max(lat, -EDGE), EDGE) * Math.PI / 180);
    return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  };
  const latOf = (y) => Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180 / Math.PI;
  const unpacked = ({ unit, rings }) => rings.map((steps) => {
    const points = new Float64Array(steps.length), box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0, lon = 0, lat = 0; i < steps.length; i += 2) {
      lon += steps[i]; lat += steps[i + 1];
      const x = points[i] = worldX(lon * unit), y = points[i + 1] = worldY(lat * unit);
      box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y); box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
    }
    return { points, box };
  });
  const size = () => [sheet.clientWidth, sheet.clientHeight];
  const toScreen = (x, y) => [(x - state.x) * state.k + size()[0] / 2, (y - state.y) * state.k + size()[1] / 2];
  const toWorld = (sx, sy) => [(sx - size()[0] / 2) / state.k + state.x, (sy - size()[1] / 2) / state.k + state.y];
  const view = () => [...toWorld(0, 0), ...toWorld(...size())];
  const turns = ([x0, , x1]) => { // whole turns round the world by which something comes into view
    const [left, , right] = view(), found = [];
    for (let n = Math.ceil(left - x1); n <= right - x0; n += 1) found.push(n);
    return found;
  };
  const seen = ([, y0, , y1]) => { const [, top, , bottom] = view(); return y1 >= top && y0 <= bottom; };
  const around = ([west, south, east, north]) => [worldX(west), worldY(north), worldX(east), worldY(south)];

  /* Drawing. */
  const trace = (rings, line) => { // line(x, y, first) for all points that are apart on the screen
    for (const { points, box } of rings) {
      if (!seen(box)) continue;
      for (const turn of turns(box)) {
        let [px, py] = toScreen(points[0] + turn, points[1]);
        line(px, py, true);
        for (let i = 2; i < points.length; i += 2) {
          const [x, y] = toScreen(points[i] + turn, points[i + 1]);
          if (Math.abs(x - px) + Math.abs(y - py) < 0.8 && i < points.length - 2) continue;
          line(x, y, false); px = x; py = y;
        }
      }
    }
  };
  const onCanvas = (context, rings) => {
    context.beginPath();
    trace(rings, (x, y, first) => { if (first) context.moveTo(x, y); else context.lineTo(x, y); });
  };
  const asPath = (rings) => {
    let d = "";
    trace(rings, (x, y, first) => { d += `${first ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`; });
    return d;
  };
  const fresh = (canvas) => { // its context, empty, in CSS pixels
    const [w, h] = size(), ratio = window.devicePixelRatio || 1, context = canvas.getContext("2d");
    canvas.width = w * ratio; canvas.height = h * ratio;
    canvas.style.width = `${w}px`; canvas.style.height = `${h}px`;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
  };
  const colour = (name) => getComputedStyle(sheet).getPropertyValue(name).trim();
  const drawLand = () => {
    const context = fresh(land), [w, h] = size();
    const fill = (rings) => {
      onCanvas(context, rings);
      context.fillStyle = colour("--land"); context.fill("evenodd");
      context.strokeStyle = colour("--border"); context.lineWidth = 0.8; context.lineJoin = "round"; context.stroke();
    };
    context.fillStyle = colour("--sea"); context.fillRect(0, 0, w, h);
    fill(told.world.flatMap((country) => country.rings));
    if (!told.detail) return;
    const box = around(told.near);
    for (const turn of turns(box)) { // finer land, where the document is at home
      const [left, top, right, bottom] = [...toScreen(box[0] + turn, box[1]), ...toScreen(box[2] + turn, box[3])].map(Math.round);
      context.save();
      context.beginPath(); context.rect(left, top, right - left, bottom - top); context.clip();
      context.fillStyle = colour("--sea"); context.fillRect(0, 0, w, h);
      fill(told.detail);
      context.restore();
    }
  };
  const make = (name, attributes, parent) => {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  };
  const pin = (point) => { // on the screen, where it is nearest to the middle
    const x = worldX(point[0]), [left, , right] = view();
    return toScreen(x + Math.round((left + right) / 2 - x), worldY(point[1]));
  };
  const drawShapes = () => {
    const [w, h] = size();
    for (const ground of told.grounds) {
      const [x0, y0] = toScreen(ground.extent[0], ground.extent[1]), [x1, y1] = toScreen(ground.extent[2], ground.extent[3]);
      const times = Math.min((x1 - x0) / w, (y1 - y0) / h);
      ground.path.setAttribute("d", asPath(ground.rings));
      // What the whole sheet lies in would hide all else from the pointer, and in the end from the eye.
      ground.group.classList.toggle("vast", times > 1.5);
      ground.group.classList.toggle("beyond", times > 6);
      const [cx, cy] = pin(ground.at);
      ground.dot.setAttribute("cx", cx); ground.dot.setAttribute("cy", cy);
    }
    if (told.own) told.own.path.setAttribute("d", asPath(told.own.rings));
    for (const other of told.others) {
      const [x, y] = pin(other.at);
      other.group.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    }
  };
  const drawNames = () => {
    const context = fresh(names), [w, h] = size(), written = new Set();
    const taken = [[w - 46, 0, w, 56], [0, 0, 56, 124], [w - 160, h - 58, w, h], [0, h - 97, 136, h - 22]]; // by controls
    const halo = colour("--map-halo"), sans = getComputedStyle(document.body).fontFamily;
    drawDegrees(context, w, h, taken);
    const write = (name, [x, y], { font, ink, away = 0 }) => {
      context.font = `${font} ${sans}`;
      const width = context.measureText(name).width, high = parseInt(font.match(/(\d+)px/)[1], 10);
      const spots = away ? [[x + away, y], [x - width - away, y], [x - width / 2, y - away - 5], [x - width / 2, y + away + 5]] : [[x - width / 2, y]];
      for (const [left, middle] of spots) {
        const box = [left - 3, middle - high / 2 - 1, left + width + 3, middle + high / 2 + 1];
        const free = taken.every((t) => box[2] < t[0] || box[0] > t[2] || box[3] < t[1] || box[1] > t[3]);
        if (box[0] < 2 || box[1] < 2 || box[2] > w - 2 || box[3] > h - 22 || !free) continue;
        taken.push(box); written.add(name);
        context.lineJoin = "round"; context.textBaseline = "middle"; context.textAlign = "left";
        context.strokeStyle = halo; context.lineWidth = 3; context.strokeText(name, left, middle);
        context.fillStyle = ink; context.fillText(name, left, middle);
        return;
      }
    };
    const here = told.grounds.filter(({ group }) => !group.classList.contains("away"));
    const others = told.others.map(({ at }) => pin(at));
    for (const [x, y] of here.map(({ at }) => pin(at))) taken.push([x - 4, y - 4, x + 4, y + 4]);
    for (const [x, y] of others) taken.push([x - 8, y - 8, x + 8, y + 8]);
    const clear = ([x, y]) => (others.some(([ox, oy]) => Math.hypot(ox - x, oy - y) < 10) ? 13 : 8);
    const important = [...told.names].sort((a, b) => (b.ground === marked.chosen) - (a.ground === marked.chosen) || b.weight - a.weight);
    for (const { name, at, ground } of important) {
      if (written.has(name) || told.grounds[ground].group.classList.contains("away")) continue;
      write(name, pin(at), { font: "600 12px", ink: colour("--map-ink"), away: clear(pin(at)) });
    }
    for (const { name, at, extent: [x0, , x1] } of told.world) {
      context.font = `11px ${sans}`;
      if (written.has(name) || (x1 - x0) * state.k < context.measureText(name.toUpperCase()).width * 1.25) continue;
      write(name.toUpperCase(), pin(at), { font: "11px", ink: colour("--map-soft") });
    }
    for (const [name, lon, lat] of told.towns) {
      const [x, y] = pin([lon, lat]);
      if (written.has(name) || state.k < 4000) continue;
      const before = taken.length;
      write(name, [x, y], { font: "11px", ink: colour("--map-soft"), away: 6 });
      if (taken.length === before) continue;
      context.fillStyle = colour("--map-soft"); context.beginPath(); context.arc(x, y, 1.8, 0, 7); context.fill();
    }
  };
  const drawDegrees = (context, w, h, taken) => { // ticks on two edges
    const wanted = 360 / state.k * 190, steps = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005];
    const step = steps.find((one) => one <= wanted) || 0.002, digits = Math.max(0, Math.ceil(-Math.log10(step)));
    const [left, top, right, bottom] = view();
    const text = (value, signs) => `${Math.abs(value).toFixed(digits)}\u00b0${Math.abs(value) < step / 2 ? "" : ` ${signs[value < 0 ? 1 : 0]}`}`;
    const label = (said, x, y) => {
      context.strokeText(said, x, y); context.fillText(said, x, y);
      taken.push([x, y - 10, x + 45, y + 3]);
    };
    context.font = `10px ${getComputedStyle(document.body).fontFamily}`;
    context.fillStyle = colour("--map-ink"); context.strokeStyle = colour("--map-halo"); context.lineWidth = 3; context.lineJoin = "round";
    context.textBaseline = "alphabetic";
    const tick = (x, y, dx, dy) => { context.fillRect(x - (dx ? 0 : 0.5), y - (dy ? 0 : 0.5), dx || 1, dy || 1); };
    for (let n = Math.ceil((left - 0.5) * 360 / step); n * step <= (right - 0.5) * 360; n += 1) {
      const [x] = toScreen(worldX(n * step), 0), lon = ((n * step + 180) % 360 + 360) % 360 - 180;
      tick(x, h - 6, 0, 6);
      context.textAlign = "center";
      if (x > 30 && x < w - 20) label(text(lon, "EW"), x, h - 9);
    }
    for (let n = Math.ceil(latOf(bottom) / step); n * step <= latOf(top); n += 1) {
      const [, y] = toScreen(0, worldY(n * step));
      tick(0, y, 6, 0);
      context.textAlign = "left";
      if (y > 132 && y < h - (locator.hidden ? 26 : 104)) label(text(n * step, "NS"), 9, y + 3.5);
    }
  };
  const drawScale = () => {
    const metres = EQUATOR * Math.cos(latOf(state.y) * Math.PI / 180) / state.k, [bar, said] = byId("scale").children;
    const wanted = metres * Math.min(130, size()[0] * 0.3), power = 10 ** Math.floor(Math.log10(wanted));
    const step = power * [5, 2, 1].find((n) => n * power <= wanted);
    bar.style.width = `${step / metres}px`;
    said.textContent = step >= 1000 ? `${(step / 1000).toLocaleString("en")} km` : `${step} m`;
  };
  const drawLocator = () => { // where on Earth the sheet lies
    locator.hidden = size()[0] / state.k > 0.5;
    if (locator.hidden) return;
    const context = locator.getContext("2d"), { width: w, height: h } = locator, ratio = w / 120;
    const place = (x, y) => [x * w, (y - 0.17) * w];
    if (!told.small && told.world.length) {
      told.small = new Path2D();
      for (const { points, box } of told.world.flatMap((country) => country.rings)) {
        if (box[2] - box[0] < 0.004) continue;
        for (let i = 0; i < points.length; i += 8) told.small[i ? "lineTo" : "moveTo"](...place(points[i], points[i + 1]));
        told.small.closePath();
      }
    }
    context.fillStyle = colour("--sea"); context.fillRect(0, 0, w, h);
    context.fillStyle = colour("--border");
    if (told.small) context.fill(told.small, "evenodd");
    const [left, top, right, bottom] = view();
    for (const turn of [-1, 0, 1]) {
      const [x0, y0] = place(left + turn, top), [x1, y1] = place(right + turn, bottom), tiny = x1 - x0 < 7 * ratio;
      context.strokeStyle = context.fillStyle = colour("--accent"); context.lineWidth = 1.5 * ratio;
      if (!tiny) { context.strokeRect(x0, y0, x1 - x0, y1 - y0); continue; }
      const x = (x0 + x1) / 2, y = (y0 + y1) / 2;
      context.beginPath(); context.arc(x, y, 2 * ratio, 0, 7); context.fill();
      context.beginPath(); context.arc(x, y, 6 * ratio, 0, 7); context.stroke();
    }
  };
  const least = () => Math.max(size()[0], size()[1] * 0.7) * 0.9;
  const draw = () => {
    const [w, h] = size();
    if (!w || !h) return;
    if (state.waiting) { fly(state.waiting, true); return; }
    state.k = Math.min(Math.max(state.k, least()), MOST);
    state.x -= Math.floor(state.x);
    const half = h / 2 / state.k;
    state.y = half >= 0.5 ? 0.5 : Math.min(Math.max(state.y, half), 1 - half);
    byId("zoom-out").disabled = state.k <= least() * 1.001;
    byId("zoom-in").disabled = state.k >= MOST;
    drawLand(); drawShapes(); drawLocator(); drawNames(); drawScale();
  };

  /* Moving. */
  const zoom = (factor, sx = size()[0] / 2, sy = size()[1] / 2) => {
    state.moving += 1;
    const [x, y] = toWorld(sx, sy), before = state.k;
    state.k = Math.min(Math.max(state.k * factor, least()), MOST);
    state.x = x - (x - state.x) * (before / state.k);
    state.y = y - (y - state.y) * (before / state.k);
    draw();
    return state.k !== before;
  };
  const pan = (dx, dy) => { state.moving += 1; state.x -= dx / state.k; state.y -= dy / state.k; draw(); };
  const fitting = (box) => { // middle and scale that show a box
    const [x0, y0, x1, y1] = around(box), [w, h] = size();
    return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, k: Math.min(w * 0.8 / Math.max(x1 - x0, 1e-6), h * 0.8 / Math.max(y1 - y0, 1e-6), MOST / 4) };
  };
  const fly = (box, quick = false) => {
    state.waiting = size().every(Boolean) ? null : box; // until the sheet is to be seen
    if (state.waiting) return;
    const goal = fitting(box), from = { ...state }, turn = (state.moving += 1);
    goal.k = Math.max(goal.k, least());
    goal.x += Math.round(from.x - goal.x);
    if (quick || matchMedia("(prefers-reduced-motion: reduce)").matches) { Object.assign(state, goal); draw(); return; }
    const start = performance.now(), duration = 450;
    const step = (now) => {
      if (state.moving !== turn) return;
      const part = Math.min(Math.max((now - start) / duration, 0), 1), eased = part * part * (3 - 2 * part);
      state.k = from.k * (goal.k / from.k) ** eased;
      // The way is gone in proportion to the scale, so that it looks even.
      const way = goal.k === from.k ? eased : (1 / from.k - 1 / state.k) / (1 / from.k - 1 / goal.k);
      const x = from.x + (goal.x - from.x) * way, y = from.y + (goal.y - from.y) * way;
      state.x = x; state.y = y;
      draw();
      from.x += state.x - x; goal.x += state.x - x;
      if (part < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  };
  const inView = (box) => { // whether it can be told where the box is, without moving
    const [x0, y0, x1, y1] = around(box), [left, top, right, bottom] = view(), wide = right - left;
    const turn = Math.round((left + right - x0 - x1) / 2);
    return x0 + turn >= left && x1 + turn <= right && y0 >= top && y1 <= bottom && Math.max(x1 - x0, (y1 - y0)) > wide / 40;
  };
  const fit = () => fly(state.home || [-170, -58, 190, 78]);
  moving(sheet, { zoom, pan, fit, ...keys, enter: () => {}, keyed: () => {} });
  byId("zoom-in").addEventListener("click", () => zoom(1.6));
  byId("zoom-out").addEventListener("click", () => zoom(1 / 1.6));
  byId("zoom-all").addEventListener("click", fit);

  /* What is on it. */
  const show = ({ home, near, land: detail, towns, grounds, own, names: labels }) => {
    shapes.replaceChildren();
    Object.assign(told, { near, towns, others: [], names: labels, own: null, detail: detail && unpacked(detail) });
    const area = ({ box: [west, south, east, north] }) => (east - west) * (north - south);
    const layer = make("g", {}, shapes), dots = make("g", {}, shapes);
    told.grounds = grounds.map((ground) => ({ ...ground, rings: unpacked(ground), extent: around(ground.box) }));
    for (const ground of [...told.grounds].sort((a, b) => area(b) - area(a))) {
      ground.group = make("g", { class: `ground kind-${ground.kind} sure-${ground.sure}`, "data-ground": ground.number }, layer);
      ground.path = make("path", {}, ground.group);
      ground.dot = make("circle", { r: 4.5, class: `dot kind-${ground.kind} sure-${ground.sure}`, "data-ground": ground.number }, dots);
    }
    if (own) told.own = { rings: unpacked(own), path: make("path", { class: "own" }, shapes) };
    state.home = home;
    mark(null, null, []);
    fly(home || [-170, -58, 190, 78], true);
  };
  const mark = (chosen, pointed, others) => { // grounds by number; others: numbered points
    Object.assign(marked, { chosen, pointed });
    for (const ground of told.grounds) {
      for (const part of [ground.group, ground.dot]) {
        part.classList.toggle("chosen", ground.number === chosen);
        part.classList.toggle("pointed", ground.number === pointed);
      }
    }
    told.others.forEach(({ group }) => group.remove());
    told.others = others.map(({ at, said }) => {
      const group = make("g", { class: "candidate" }, shapes);
      make("circle", { r: 8, class: "other" }, group);
      make("text", { y: 3.5 }, group).textContent = said;
      return { at, group };
    });
    draw();
  };
  const keep = (wanted) => { // grounds for which wanted(number) is true
    for (const { number, group, dot } of told.grounds) {
      for (const part of [group, dot]) part.classList.toggle("away", !wanted(number));
    }
    draw();
  };
  const world = (countries) => {
    told.world = countries.map(({ name, rank, at, shape }) => {
      const rings = unpacked(shape), wide = ({ box }) => (box[2] - box[0]) * (box[3] - box[1]);
      const extent = rings.reduce((best, ring) => (best && wide(best) > wide(ring) ? best : ring), null)?.box || [0, 0, 0, 0];
      return { name, rank, at, rings, extent };
    }).sort((a, b) => a.rank - b.rank);
    draw();
  };
  new ResizeObserver(draw).observe(sheet);
  const paper = (wide, high) => { Object.assign(sheet.style, { width: wide, height: high }); draw(); };
  window.addEventListener("beforeprint", () => paper("660px", "420px"));
  window.addEventListener("afterprint", () => paper("", ""));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  return { show, mark, keep, world, fly, inView };
};
