/* The map: pan, zoom, layers, read-out. Plain script, no library; without it the page is complete
   but still. What is shown stands in the address (#model=..&layer=..&at=x,y) and can be sent. */
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const data = JSON.parse(byId("viewer-data").textContent);
  const [width, height] = data.size;
  const [west, south, east, north] = data.bounds;
  const metres = (east - west) / width; // of a pixel
  const sheet = byId("sheet"), stack = byId("stack"), marks = byId("marks"), only = byId("only");
  const MOST = 24; // screen pixels of a map pixel, at most
  const state = {
    model: document.documentElement.dataset.model, layer: "map", opacity: 80,
    k: 1, x: width / 2, y: height / 2, // screen px per map px; map px in the middle of the sheet
    at: null, only: new Set(), // pinned map px; colours shown alone
  };

  /* What lies where. */
  const ground = (x, y) => [west + x * metres, north - y * metres];
  const within = ([x, y]) => (x >= 0 && y >= 0 && x < width && y < height ? [x, y] : null);
  const pixelOf = (easting, northing) => [(easting - west) / metres, (north - northing) / metres];
  const lonLat = (x, y) => { // linear between the places of the lattice
    const side = data.lonlat.length - 1;
    const u = Math.min(Math.max(x / width, 0), 1) * side, v = Math.min(Math.max(y / height, 0), 1) * side;
    const i = Math.min(Math.floor(u), side - 1), j = Math.min(Math.floor(v), side - 1);
    const [a, b, c, d] = [data.lonlat[j][i], data.lonlat[j][i + 1], data.lonlat[j + 1][i], data.lonlat[j + 1][i + 1]];
    const mix = (n) => (a[n] * (1 - u + i) + b[n] * (u - i)) * (1 - v + j) + (c[n] * (1 - u + i) + d[n] * (u - i)) * (v - j);
    return [mix(0), mix(1)];
  };
  const from = () => reading(data, state.model);

  /* Drawing. */
  const least = () => Math.min(sheet.clientWidth / width, sheet.clientHeight / height);
  const toScreen = (x, y) => [(x - state.x) * state.k + sheet.clientWidth / 2, (y - state.y) * state.k + sheet.clientHeight / 2];
  const toMap = (sx, sy) => [(sx - sheet.clientWidth / 2) / state.k + state.x, (sy - sheet.clientHeight / 2) / state.k + state.y];
  const inside = (n, size, screen) => { // keep the map's edge at the sheet's edge, or centre it
    const half = screen / 2 / state.k;
    return half * 2 >= size ? size / 2 : Math.min(Math.max(n, half), size - half);
  };
  const draw = () => {
    state.k = Math.min(Math.max(state.k, least()), Math.max(MOST, least()));
    state.x = inside(state.x, width, sheet.clientWidth);
    state.y = inside(state.y, height, sheet.clientHeight);
    const [left, top] = toScreen(0, 0);
    stack.style.transform = `translate(${left}px, ${top}px) scale(${state.k})`;
    sheet.classList.toggle("near", state.k > least() * 1.001);
    stack.classList.toggle("near", state.k > 1);
    byId("zoom-out").disabled = byId("zoom-all").disabled = state.k <= least() * 1.001;
    byId("zoom-in").disabled = state.k >= MOST;
    drawScale(); drawMarks();
  };
  const roundStep = (wanted) => { // 1, 2 or 5 times a power of ten, at most `wanted`
    const power = 10 ** Math.floor(Math.log10(wanted));
    return power * [5, 2, 1].find((n) => n * power <= wanted);
  };
  const drawScale = () => {
    const step = roundStep((metres / state.k) * Math.min(150, sheet.clientWidth * 0.3));
    const [bar, said] = byId("scale").children;
    bar.style.width = `${(step / metres) * state.k}px`;
    said.textContent = step >= 1000 ? `${step / 1000} km` : `${step} m`;
  };
  const drawMarks = () => {
    const w = sheet.clientWidth, h = sheet.clientHeight;
    const step = roundStep((metres / state.k) * 250);
    const [x0, y1] = ground(...toMap(0, h)), [x1, y0] = ground(...toMap(w, 0));
    const eastings = [], northings = [];
    for (let e = Math.ceil(Math.max(x0, west) / step) * step; e <= Math.min(x1, east); e += step) eastings.push(e);
    for (let n = Math.ceil(Math.max(y1, south) / step) * step; n <= Math.min(y0, north); n += step) northings.push(n);
    const km = (m) => (m / 1000).toFixed(step < 100 ? 2 : step < 1000 ? 1 : 0);
    let shapes = "";
    for (const e of eastings) {
      const [sx] = toScreen(...pixelOf(e, north));
      shapes += `<path class="tick" d="M${sx} ${h}v-7"/>`;
      if (sx > 30 && sx < w - 40) shapes += `<text x="${sx}" y="${h - 10}" text-anchor="middle">${km(e)} km E</text>`;
      for (const n of northings) {
        const [, sy] = toScreen(...pixelOf(e, n));
        shapes += `<path class="cross" d="M${sx - 5} ${sy}h10M${sx} ${sy - 5}v10"/>`;
      }
    }
    for (const n of northings) {
      const [, sy] = toScreen(...pixelOf(west, n));
      shapes += `<path class="tick" d="M0 ${sy}h7"/>`;
      if (sy > 130 && sy < h - 30) shapes += `<text x="10" y="${sy + 4}">${km(n)} km N</text>`;
    }
    if (state.at) {
      const [sx, sy] = toScreen(...state.at);
      shapes += `<circle class="pin" cx="${sx}" cy="${sy}" r="7"/><circle class="pin" cx="${sx}" cy="${sy}" r="7"/>`;
    }
    marks.innerHTML = shapes;
  };
  const drawOnly = () => { // the map with all but the chosen classes left out
    const alone = (state.layer === "map" || state.layer === "smoothed") && state.only.size > 0;
    only.hidden = !alone;
    if (!alone) return;
    from().image(state.layer).hidden = true;
    const picture = from().drawn(state.layer).getImageData(0, 0, width, height), d = picture.data;
    const kept = new Set([...state.only].map((colour) => parseInt(colour.slice(1), 16)));
    for (let i = 0; i < d.length; i += 4) {
      if (!kept.has((d[i] << 16) | (d[i + 1] << 8) | d[i + 2])) d[i + 3] = 0;
    }
    only.getContext("2d").putImageData(picture, 0, 0);
  };
  const drawSizes = () => { // of the sets; they come as bits
    const wanted = [state.model, ...state.only].join(), canvas = from().image("set_sizes");
    if (state.layer !== "set_sizes" || canvas.dataset.drawn === wanted) return;
    canvas.getContext("2d").putImageData(from().sizes(state.only), 0, 0);
    canvas.dataset.drawn = wanted;
  };
  const show = () => { // everything that depends on model, layer and opacity
    document.documentElement.dataset.model = state.model;
    for (const e of all("[data-of-model]")) e.hidden = e.dataset.ofModel !== state.model;
    for (const e of all("[data-legend]")) {
      e.hidden = e.dataset.legend !== state.layer || (e.dataset.ofModel && e.dataset.ofModel !== state.model);
    }
    const chosen = state.layer === "imagery" ? null : from().image(state.layer);
    for (const e of all(".over[data-layer]")) e.hidden = e !== chosen;
    for (const e of all(".over")) e.style.opacity = state.opacity / 100;
    for (const e of all("[data-choose]")) e.checked = e.value === state[e.dataset.choose];
    for (const e of all("[data-only]")) e.setAttribute("aria-pressed", state.only.has(e.dataset.only));
    for (const e of all("[data-row-of]")) e.classList.toggle("current", e.dataset.rowOf === state.model);
    byId("opacity").value = state.opacity;
    byId("opacity-said").textContent = `${state.opacity}\u202f%`;
    byId("opacity").disabled = state.layer === "imagery";
    drawOnly(); drawSizes();
    if (state.at) say(...state.at);
    tell();
  };

  /* Reading a place. */
  const swatch = (colour) => {
    const box = Object.assign(document.createElement("i"), { className: "swatch" });
    box.style.background = colour;
    return box;
  };
  const say = (x, y) => {
    const said = byId("said"), places = [byId("grid-place"), byId("lonlat-place")];
    if (x < 0 || y < 0 || x >= width || y >= height) {
      said.textContent = "Outside the map"; places.forEach((p) => { p.textContent = ""; });
      return;
    }
    const { read, set } = from(), raw = read("map", x, y), land = state.layer === "smoothed" ? read("smoothed", x, y) : raw;
    const sure = read("confidence", x, y), seen = read("observations", x, y);
    said.replaceChildren(...(land ? [swatch(land[0])] : []));
    const times = seen && `${seen[1]} clear observation${seen[1] === "1" ? "" : "s"}`;
    const was = land && raw && land[0] !== raw[0] ? raw[1] : "";
    const value = (layer) => (read(layer, x, y) || ["", "not known"])[1];
    const more = raw && {
      entropy: () => `entropy ${value("entropy")}`,
      set_sizes: () => `may be ${set(x, y).map(([, title]) => title).join(", ")}`,
      applicability: () => `dissimilarity ${value("applicability")}`,
    }[state.layer];
    const trust = sure && `confidence ${sure[1]}${was && " of the raw map"}`;
    said.append([land ? land[1] : "Not mapped", was && `${was} in the raw map`, trust, more ? more() : times].filter(Boolean).join(" \u00b7 "));
    const [e, n] = ground(Math.floor(x) + 0.5, Math.floor(y) + 0.5), [lon, lat] = lonLat(Math.floor(x) + 0.5, Math.floor(y) + 0.5);
    const group = (m) => Math.round(m).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
    places[0].textContent = `E ${group(e)}  N ${group(n)}  (${data.crs})`;
    places[1].textContent = `${Math.abs(lat).toFixed(5)}\u00b0 ${lat < 0 ? "S" : "N"}, ${Math.abs(lon).toFixed(5)}\u00b0 ${lon < 0 ? "W" : "E"}`;
  };
  const tell = () => { // all of the pinned pixel
    byId("pixel").hidden = !state.at;
    if (!state.at) return;
    byId("pixel-rows").replaceChildren(...facts(data, state.model, ...state.at).map(([what, entries]) => {
      const row = document.createElement("div"), term = document.createElement("dt"), told = document.createElement("dd");
      term.textContent = what;
      for (const [colour, title] of entries) {
        const entry = document.createElement("span");
        entry.append(...(colour ? [swatch(colour)] : []), title);
        told.append(entry);
      }
      row.append(term, told);
      return row;
    }));
  };
  const pin = (at) => { state.at = at; if (at) say(...at); tell(); drawMarks(); remember(); };

  /* Moving. */
  const zoom = (factor, sx = sheet.clientWidth / 2, sy = sheet.clientHeight / 2) => {
    const [x, y] = toMap(sx, sy), before = state.k;
    state.k = Math.min(Math.max(state.k * factor, least()), MOST);
    state.x = x - (x - state.x) * (before / state.k);
    state.y = y - (y - state.y) * (before / state.k);
    draw();
    return state.k !== before;
  };
  const pan = (dx, dy) => { state.x -= dx / state.k; state.y -= dy / state.k; draw(); };
  const fit = () => { state.k = 0; draw(); };
  moving(sheet, {
    zoom, pan, fit,
    over: (sx, sy) => { if (!state.at) say(...toMap(sx, sy)); },
    tap: (sx, sy) => {
      pin(within(toMap(sx, sy)));
    },
    enter: () => pin(within([state.x, state.y])),
    escape: () => pin(null),
    keyed: () => { if (!state.at) say(...toMap(sheet.clientWidth / 2, sheet.clientHeight / 2)); },
  });
  byId("zoom-in").addEventListener("click", () => zoom(1.6));
  byId("zoom-out").addEventListener("click", () => zoom(1 / 1.6));
  byId("zoom-all").addEventListener("click", fit);
  byId("unpin").addEventListener("click", () => pin(null));

  /* Choosing. */
  document.addEventListener("input", (event) => {
    const { choose } = event.target.dataset;
    if (choose) state[choose] = event.target.value;
    else if (event.target.id === "opacity") state.opacity = Number(event.target.value);
    else return;
    show(); remember();
  });
  document.addEventListener("click", async (event) => {
    const entry = event.target.closest("[data-only]"), copy = event.target.closest("[data-copy]");
    if (entry) {
      const colour = entry.dataset.only;
      if (!state.only.delete(colour)) state.only.add(colour);
      show();
    }
    if (copy) {
      const words = byId(copy.dataset.copy);
      getSelection().selectAllChildren(words); // where the clipboard is closed, it is marked at least
      try {
        await navigator.clipboard.writeText(words.textContent.trim());
        copy.textContent = "Copied";
      } catch { copy.textContent = "Marked: now copy it"; }
    }
  });

  /* The address. */
  const remember = () => {
    const told = new URLSearchParams({ model: state.model, layer: state.layer, opacity: state.opacity });
    if (state.at) told.set("at", ground(...state.at).map(Math.round).join(","));
    history.replaceState(null, "", `#${told}`);
  };
  const recall = () => {
    const told = new URLSearchParams(location.hash.slice(1));
    if (all("img[data-layer=map]").some((e) => e.dataset.model === told.get("model"))) state.model = told.get("model");
    if (all("[data-choose=layer]").some((e) => e.value === told.get("layer"))) state.layer = told.get("layer");
    if (told.has("opacity")) state.opacity = Math.min(Math.max(Number(told.get("opacity")) || 0, 0), 100);
    const at = (told.get("at") || "").split(",").map(Number);
    if (at.length === 2 && at.every(Number.isFinite)) state.at = within(pixelOf(...at));
    if (told.has("zoom") && state.at) { [state.x, state.y] = state.at; state.k = least() * (Number(told.get("zoom")) || 1); }
  };

  const start = async () => {
    document.documentElement.classList.add("live");
    stack.style.inset = "auto"; stack.style.left = stack.style.top = 0;
    stack.style.width = `${width}px`; stack.style.height = `${height}px`;
    await Promise.all(all(".stack img").map((picture) => picture.decode()));
    state.k = 0;
    recall(); draw(); show();
    new ResizeObserver(draw).observe(sheet);
    window.addEventListener("hashchange", () => { recall(); draw(); show(); });
    window.addEventListener("beforeprint", () => { fit(); });
    document.documentElement.dataset.ready = "yes";
  };
  start();
})();
