/* The page of documents: text, card, legend, and the choice of a document. Plain script, no library.
   What is shown stands in the address (#document=..&mention=..) and can be sent. Whatever comes from
   a text is set as text, never as markup. */
window.landscribe = (() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const listed = JSON.parse(byId("listed").textContent);
  const SURE = [0.5, 0.7, 0.9, 0.99]; // bounds of the classes of probability
  const SHOWN = 0.005; // probability of a candidate that has a line of its own
  const loaded = new Map(); // number of a document -> what is known of it
  const state = { number: -1, chosen: null, pointed: null, wanted: null, only: new Set() };
  let shown = null;

  const element = (tag, options = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(options)) {
      if (key in made && key !== "role") made[key] = value; else made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };
  const plain = (name) => element("bdi", {}, name);
  const sureOf = (probability) => SURE.filter((bound) => probability >= bound).length;
  const percent = (share) => {
    if (share > 0 && share < 0.005) return "<1\u202f%";
    if (share < 1 && share >= 0.995) return ">99\u202f%";
    return `${Math.round(share * 100)}\u202f%`;
  };
  const many = (count, one, more = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : more}`;
  const spoken = (code) => { try { return new Intl.DisplayNames(["en"], { type: "language" }).of(code); } catch { return code; } };
  const degrees = ([lon, lat]) => `${Math.abs(lat).toFixed(3)}\u00b0\u202f${lat < 0 ? "S" : "N"}, ${Math.abs(lon).toFixed(3)}\u00b0\u202f${lon < 0 ? "W" : "E"}`;

  const map = mercator(byId("sheet"), {
    over: (x, y, event) => point(mentionAt(event)),
    tap: (x, y, event) => {
      const number = mentionAt(event, true);
      choose(number, { read: true });
    },
    escape: () => choose(null),
  });

  /* The text. */
  const pieces = (told, tabbed) => told.map((piece) => (typeof piece === "string" ? document.createTextNode(piece) : span(piece, tabbed)));
  const span = ([number, inner], tabbed) => {
    const { kind, probability } = shown.mentions[number], looks = `kind-${kind} sure-${sureOf(probability)}`;
    const mark = (text) => {
      const first = !tabbed.has(number);
      tabbed.add(number);
      const made = element("mark", { className: `mention ${looks}`, role: "button", tabIndex: first ? 0 : -1, "data-mention": number, "aria-description": summary(number) }, text);
      if (first) made.id = `mention-${number}`;
      return made;
    };
    if (inner.every((piece) => typeof piece === "string")) return mark(inner.join(""));
    return element("span", { className: `holds ${looks}`, "data-around": number },
      ...inner.map((piece) => (typeof piece === "string" ? mark(piece) : span(piece, tabbed))));
  };
  const summary = (number) => {
    const { kind, place, probability } = shown.mentions[number];
    if (kind === "none") return `no place, ${percent(probability)}`;
    return `${kind === "relation" ? "relative place, by " : ""}${[shown.places[place].name, ...[...shown.places[place].path].reverse()].filter(Boolean).join(", ")}; ${percent(probability)}`;
  };
  const marksOf = (number) => all(`#text [data-mention="${number}"]`);

  /* The card of a mention. */
  const bar = (share, colour) => element("span", { className: "track" }, element("i", { style: `width:${(100 * share).toFixed(1)}%`, className: colour }));
  const path = (place) => element("span", { className: "path" }, ...place.path.filter(Boolean).flatMap((name, n) => (n ? [" \u203a ", plain(name)] : [plain(name)])));
  const code = (name, digest) => (digest ? element("span", {}, `${name} `, element("code", {}, digest)) : null);
  const othersOf = (number) => {
    const { candidates, place } = shown.mentions[number];
    return candidates.filter(([other, share]) => other !== place && share >= SHOWN).map(([other, share], n) => ({ place: shown.places[other], share, said: String(n + 1), at: shown.places[other].at }));
  };
  const title = (mention) => {
    if (mention.kind === "none" || mention.kind === "relation") return [plain(mention.words)];
    return [plain(shown.places[mention.place].name)];
  };
  const within = (told, number) => { // numbers of the mentions inside a relative place
    for (const piece of told) {
      if (typeof piece === "string") continue;
      if (piece[0] === number) return piece[1].filter((one) => typeof one !== "string").map(([inner]) => inner);
      const found = within(piece[1], number);
      if (found.length) return found;
    }
    return [];
  };
  const anchors = (number) => within(shown.text, number).map((inner) => shown.mentions[inner]).filter(({ place }) => place !== null).map(({ place }) => shown.places[place].name);
  const classOf = (number) => {
    const mention = shown.mentions[number];
    if (mention.kind === "none") return "None of the candidates: the text means no place of the gazetteer";
    if (mention.kind === "relation") return ["Relative place, told by ", ...anchors(number).flatMap((name, n) => (n ? [" and ", plain(name)] : [plain(name)]))];
    const place = shown.places[mention.place];
    return [place.class, place.population ? `; ${place.population.toLocaleString("en")} people` : ""];
  };
  const siblings = (mention) => shown.mentions.map((other, n) => (mention.ground !== null && other.ground === mention.ground ? n : -1)).filter((n) => n >= 0);
  const stepper = (number, mention) => {
    const same = siblings(mention), at = same.indexOf(number);
    if (same.length < 2) return null;
    const button = (said, name, to) => element("button", { type: "button", className: "plain", "data-go": same[(at + to + same.length) % same.length], "aria-label": name }, said);
    return element("p", { className: "stepper" }, button("\u2039", "Previous mention of this ground", -1), `mention ${at + 1} of ${same.length}`, button("\u203a", "Next mention of this ground", 1));
  };
  const identity = (mention) => {
    const place = mention.kind === "none" ? null : shown.places[mention.place];
    const id = place && (place.link ? element("a", { href: place.link, rel: "noreferrer" }, place.id) : element("code", {}, place.id));
    return element("p", { className: "identity" }, id, code("gazetteer", mention.gazetteer), code("recognizer", mention.recognizer), code("resolver", mention.resolver));
  };
  const LABELS = { GPE: "named as a country, state or town", LOC: "named as a landscape or water", FAC: "named as a building or way", NORP: "named as a people", ORG: "named as an organization", gazetteer: "found by its name in the gazetteer", relation: "found by its words" };
  const fillPlaces = (card) => { // while no mention is chosen: what the text names most often
    const first = new Map(), times = new Map();
    shown.mentions.forEach(({ kind, place }, n) => {
      if (kind === "none" || kind === "relation") return;
      if (!first.has(place)) first.set(place, n);
      times.set(place, (times.get(place) || 0) + 1);
    });
    const often = [...times].sort((a, b) => b[1] - a[1]);
    const entry = ([place, count]) => element("li", {}, element("button", { type: "button", "data-go": first.get(place), className: `kind-${shown.mentions[first.get(place)].kind} sure-${sureOf(shown.mentions[first.get(place)].probability)}` }, element("i", { className: "swatch" }), plain(shown.places[place].name), element("span", { className: "n" }, count.toLocaleString("en"))));
    card.replaceChildren(element("h2", { id: "card-title" }, "Places of this text"),
      element("p", { className: "hint" }, often.length ? "Point at a mention in the text, or at a shape on the map, to read what it means; click to hold it." : "This text has no mention that has a place."),
      element("ul", { className: "often" }, ...often.map(entry)));
  };
  const fillCard = (number) => {
    const card = byId("card");
    card.classList.toggle("empty", number === null);
    if (number === null) {
      fillPlaces(card);
      return;
    }
    const mention = shown.mentions[number], others = othersOf(number), place = shown.places[mention.place];
    const faint = mention.candidates.filter(([other, share]) => other !== mention.place && share < SHOWN).map(([other]) => shown.places[other].name);
    const rest = Math.max(0, 1 - mention.candidates.reduce((sum, [, share]) => sum + share, 0) - (mention.kind === "none" ? mention.probability : 0));
    card.replaceChildren(
      element("button", { type: "button", className: "close", "data-go": "none", "aria-label": "Let go of the mention" }, "\u00d7"),
      element("h2", { id: "card-title", className: `kind-${mention.kind} sure-${sureOf(mention.probability)}` }, element("i", { className: "swatch" }), ...title(mention)),
      element("p", { className: "class" }, ...[classOf(number)].flat()),
      place && mention.kind !== "relation" ? element("p", {}, path(place)) : "",
      element("p", { className: "sure" }, bar(mention.probability, `sure-${sureOf(mention.probability)}`), element("b", { className: "n" }, percent(mention.probability)), mention.kind === "none" ? "probability of none" : "probability"),
      element("p", { className: "told" }, "\u201c", plain(mention.words), "\u201d, ", LABELS[mention.label] || mention.label, ` (${mention.label})`, mention.at ? `; at ${degrees(mention.at)}` : ""),
      others.length ? element("div", { className: "others" }, element("h3", {}, "Other candidates"),
        element("ol", {}, ...others.map((other) => element("li", {}, element("i", { className: "number" }, other.said), element("span", { className: "who" }, element("b", {}, plain(other.place.name)), " ", element("small", {}, other.place.class), element("br"), element("small", {}, path(other.place), " \u00b7 ", degrees(other.at))), element("span", { className: "n" }, percent(other.share)))),
          rest >= 0.005 ? element("li", {}, element("i"), element("span", { className: "who" }, element("small", {}, mention.kind === "none" ? "further candidates" : "further candidates, or none of them")), element("span", { className: "n" }, percent(rest))) : null)) : "",
      faint.length ? element("p", { className: "told" }, "Hardly: ", ...[...new Set(faint)].flatMap((name, n) => (n ? [", ", plain(name)] : [plain(name)])), ".") : "",
      stepper(number, mention) || "",
      identity(mention),
    );
    card.scrollTop = 0;
  };

  /* What is pointed at or chosen. */
  const mentionAt = (event, cycle = false) => {
    const under = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-ground]");
    if (!under) return null;
    const same = siblings({ ground: Number(under.dataset.ground) }).filter(wanted);
    const at = cycle ? same.indexOf(state.chosen) : -1; // a second click goes on to the next mention
    return same.length ? same[(at + 1) % same.length] : null;
  };
  const refresh = () => {
    const number = state.pointed ?? state.chosen, ground = number === null ? null : shown.mentions[number].ground;
    for (const mark of all("#text mark")) {
      const own = Number(mark.dataset.mention);
      mark.classList.toggle("chosen", own === state.chosen);
      mark.classList.toggle("same", ground !== null && shown.mentions[own].ground === ground);
      mark.setAttribute("aria-pressed", own === state.chosen);
    }
    for (const around of all("#text .holds")) around.classList.toggle("chosen", Number(around.dataset.around) === number);
    const held = state.chosen === null ? null : shown.mentions[state.chosen].ground;
    map.mark(held, ground, number === null ? [] : othersOf(number));
    fillCard(number);
  };
  const point = (number) => {
    if (state.pointed === number) return;
    state.pointed = number;
    refresh();
  };
  const choose = (number, { read = false, look = false } = {}) => {
    state.chosen = number;
    state.pointed = null;
    refresh();
    remember();
    if (number === null) return;
    const { ground } = shown.mentions[number];
    if (look && ground !== null && !map.inView(shown.grounds[ground].box)) map.fly(roomy(shown.grounds[ground].box));
    if (read) marksOf(number)[0].scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  };
  const roomy = ([west, south, east, north]) => { // with some ground around it
    const side = Math.max(east - west, north - south, 0.05) * 0.6;
    return [west - side, Math.max(south - side, -85), east + side, Math.min(north + side, 85)];
  };

  /* The legend. */
  const wanted = (number) => state.only.size === 0 || state.only.has(shown.mentions[number].kind);
  const filter = () => {
    for (const button of all("[data-only]")) button.setAttribute("aria-pressed", state.only.has(button.dataset.only));
    for (const mark of all("#text mark")) mark.classList.toggle("away", !wanted(Number(mark.dataset.mention)));
    for (const around of all("#text .holds")) around.classList.toggle("away", !wanted(Number(around.dataset.around)));
    map.keep((ground) => shown.mentions.some((mention, n) => mention.ground === ground && wanted(n)));
  };
  const fillLegend = () => {
    for (const entry of all("[data-kind]")) {
      const count = shown.mentions.filter(({ kind }) => kind === entry.dataset.kind).length;
      entry.hidden = count === 0;
      entry.querySelector(".n").textContent = count.toLocaleString("en");
    }
  };

  /* A document. */
  const show = (data) => {
    shown = data;
    Object.assign(state, { number: data.number, chosen: null, pointed: null, only: new Set() });
    const { counts } = data, said = [];
    document.title = `${data.title || data.id} \u2013 Landscribe`;
    byId("title").textContent = data.title || data.id;
    if (data.language) said.push(spoken(data.language));
    if (data.time) said.push(element("time", { dateTime: data.time }, new Date(`${data.time}T12:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" })));
    if (data.outlet) said.push(plain(data.outlet));
    if (data.source) said.push(data.link ? element("a", { href: data.link, rel: "noreferrer" }, "source") : plain(data.source));
    said.push(data.licence === "other" || !data.licence ? "licence: see the source" : data.licence, element("code", {}, data.id));
    byId("about").replaceChildren(...said.map((one) => element("span", {}, one)));
    const facts = [[counts.mentions, "mentions"], [counts.places, "places"], [counts.relations, "relative places"], [counts.none, "without a place"]];
    byId("counts").replaceChildren(...facts.map(([count, name]) => element("div", {}, element("dt", {}, name), element("dd", {}, count.toLocaleString("en")))));
    byId("reject").hidden = !data.reject;
    byId("reject").textContent = data.reject ? `Not geoparsed: ${data.reject}.` : "";
    byId("text").lang = data.language;
    byId("text").replaceChildren(...pieces(data.text, new Set()));
    byId("where").textContent = `Document ${data.number + 1} of ${listed.length}`;
    for (const link of all("#list a")) link.setAttribute("aria-current", Number(link.dataset.number) === data.number);
    byId("reading").scrollTop = 0;
    const grounds = data.grounds.map((ground, number) => {
      const of = data.mentions.filter((mention) => mention.ground === number), first = of[0];
      const best = Math.max(...of.map(({ probability }) => probability));
      return { ...ground, number, kind: first.kind, sure: sureOf(best), at: first.at, weight: of.length, name: first.kind === "relation" ? "" : data.places[first.place].name };
    });
    fillLegend();
    map.show({ home: data.home, near: data.near, land: data.land, towns: data.towns, own: data.ground, grounds, names: grounds.filter(({ name }) => name).map(({ name, at, number, weight }) => ({ name, at, ground: number, weight })) });
    filter();
    const told = Number(state.wanted);
    state.wanted = null;
    if (told > 0 && told <= data.mentions.length) choose(told - 1, { read: true, look: true }); else { refresh(); remember(); }
    document.documentElement.dataset.ready = String(data.number);
  };
  const open = (number) => {
    state.opening = number;
    if (loaded.has(number)) { show(loaded.get(number)); return; }
    const script = element("script", { src: listed[number].file });
    script.addEventListener("error", () => { byId("reject").hidden = false; byId("reject").textContent = `${listed[number].file} is missing beside this page.`; });
    document.head.append(script);
  };

  /* The list of documents. */
  const fillList = () => {
    byId("list").replaceChildren(...listed.map((one, number) => element("li", {},
      element("a", { href: `#document=${encodeURIComponent(one.id)}`, "data-number": number }, element("b", { dir: "auto" }, one.title),
        element("small", {}, [one.language && spoken(one.language), many(one.mentions, "mention"), many(one.places, "place"), one.none ? `${one.none.toLocaleString("en")} none` : ""].filter(Boolean).join(" \u00b7 "))))));
  };
  const step = (by) => open((state.number + by + listed.length) % listed.length);

  /* The address. */
  const remember = () => {
    const told = new URLSearchParams({ document: shown.id });
    if (state.chosen !== null) told.set("mention", state.chosen + 1);
    if (document.documentElement.dataset.colour !== "kind") told.set("colour", document.documentElement.dataset.colour);
    history.replaceState(null, "", `#${told}`);
  };
  const recall = () => {
    const told = new URLSearchParams(location.hash.slice(1)), number = listed.findIndex(({ id }) => id === told.get("document"));
    if (told.get("colour") === "probability") colour("probability");
    state.wanted = told.get("mention");
    open(Math.max(number, 0));
  };
  const colour = (by) => {
    document.documentElement.dataset.colour = by;
    for (const input of all("[name=colour]")) input.checked = input.value === by;
    for (const legend of all("[data-legend]")) legend.hidden = legend.dataset.legend !== by;
  };

  /* Hands. */
  const under = (event) => event.target.closest?.("[data-mention]");
  const text = byId("text");
  text.addEventListener("mouseover", (event) => { const mark = under(event); point(mark ? Number(mark.dataset.mention) : null); });
  text.addEventListener("mouseleave", () => point(null));
  text.addEventListener("focusin", (event) => { const mark = under(event); if (mark?.matches(":focus-visible")) point(Number(mark.dataset.mention)); });
  text.addEventListener("focusout", () => point(null));
  byId("sheet").addEventListener("pointerleave", () => point(null));
  document.addEventListener("click", (event) => {
    const mark = under(event), go = event.target.closest("[data-go]"), only = event.target.closest("[data-only]"), link = event.target.closest("#list a");
    if (mark && getSelection().isCollapsed) choose(Number(mark.dataset.mention), { look: true });
    if (go) choose(go.dataset.go === "none" ? null : Number(go.dataset.go), { read: true, look: true });
    if (only) { if (!state.only.delete(only.dataset.only)) state.only.add(only.dataset.only); filter(); }
    if (link) { event.preventDefault(); byId("all").open = false; open(Number(link.dataset.number)); }
    if (!event.target.closest("#all")) byId("all").open = false;
  });
  document.addEventListener("keydown", (event) => {
    const mark = under(event);
    if (mark && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); choose(Number(mark.dataset.mention), { look: true }); }
    if (event.key !== "Escape" || event.target === byId("sheet")) return;
    if (byId("all").open) { byId("all").open = false; byId("all").firstElementChild.focus(); } else choose(null);
  });
  document.addEventListener("input", (event) => {
    if (event.target.name === "colour") { colour(event.target.value); remember(); }
    if (event.target.id !== "filter") return;
    const words = event.target.value.toLowerCase().trim();
    for (const entry of all("#list li")) entry.hidden = !entry.textContent.toLowerCase().includes(words);
  });
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("all").addEventListener("toggle", () => { if (byId("all").open) byId("filter").focus(); });

  document.documentElement.classList.add("live");
  fillList();
  recall();
  window.addEventListener("hashchange", recall);
  return {
    document: (data) => { loaded.set(data.number, data); if (data.number === state.opening) show(data); },
    world: (countries) => map.world(countries),
  };
})();
