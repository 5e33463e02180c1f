/* What the images of a model say of a pixel: colours read back to words, and bits to classes.
   `data` is the viewer's; x and y are map pixels. */
const reading = (data, model) => {
  "use strict";
  const [width, height] = data.size;
  const SHARED = ["imagery", "observations"], BITS = 8, CHANNELS = 3;
  const name = (layer) => (SHARED.includes(layer) ? layer : `${layer}/${model}`);
  const image = (layer) => document.querySelector(`[data-layer="${layer}"]`
    + (SHARED.includes(layer) || layer === "set_sizes" ? "" : `[data-model="${CSS.escape(model)}"]`));
  const drawn = (layer) => { // its drawing context, to read colours from
    const picture = image(layer);
    if (!reading.contexts.has(picture)) {
      const canvas = document.createElement("canvas");
      canvas.width = picture.naturalWidth; canvas.height = picture.naturalHeight;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(picture, 0, 0);
      reading.contexts.set(picture, context);
    }
    return reading.contexts.get(picture);
  };
  const hex = (d, i) => "#" + [d[i], d[i + 1], d[i + 2]].map((n) => n.toString(16).padStart(2, "0")).join("");
  const read = (layer, x, y) => { // [colour, what it says]; null where the layer is empty or not there
    if (!data.keys[name(layer)]) return null;
    const { data: d } = drawn(layer).getImageData(Math.floor(x), Math.floor(y), 1, 1);
    if (d[3] === 0) return null;
    return data.keys[name(layer)].find(([colour]) => colour === hex(d, 0)) || null;
  };
  const channel = (k) => Math.floor(k / BITS) % CHANNELS; // of the image in which class k is a bit
  const plane = (k) => Math.floor(k / BITS / CHANNELS); // how many images stand above it
  const set = (x, y) => { // [colour, title] of the classes that a pixel may be
    const context = drawn("sets"), found = [];
    data.legend.forEach((land, k) => {
      const { data: d } = context.getImageData(Math.floor(x), Math.floor(y) + plane(k) * height, 1, 1);
      if ((d[channel(k)] >> (k % BITS)) & 1) found.push(land);
    });
    return found;
  };
  const ink = (colour) => { // as a browser stores a pixel: alpha, blue, green, red
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  };
  const sizes = (only) => { // picture of how large the sets are, of all or of those with a class of `only`
    const picture = new ImageData(width, height), out = new Uint32Array(picture.data.buffer);
    const count = new Uint8Array(out.length), kept = new Uint8Array(out.length);
    data.legend.forEach(([colour], k) => {
      const { data: d } = drawn("sets").getImageData(0, plane(k) * height, width, height);
      const c = channel(k), bit = 1 << (k % BITS), wanted = only.size === 0 || only.has(colour) ? 1 : 0;
      for (let i = 0; i < out.length; i += 1) {
        if (d[4 * i + c] & bit) { count[i] += 1; kept[i] |= wanted; }
      }
    });
    const inks = data.sizes.map(([colour]) => ink(colour));
    for (let i = 0; i < out.length; i += 1) if (kept[i]) out[i] = inks[Math.min(count[i], inks.length) - 1];
    return picture;
  };
  return { image, drawn, read, set, sizes, has: (layer) => Boolean(data.keys[name(layer)]) };
};
reading.contexts = new Map(); // image -> its context

/* All that a page knows of a pixel: [what, [a colour and a text, ...]] to be told in this order. */
const facts = (data, model, x, y) => {
  "use strict";
  const from = reading(data, model), raw = from.read("map", x, y), smooth = from.read("smoothed", x, y);
  const sure = from.read("confidence", x, y), mixed = from.read("entropy", x, y), away = from.read("applicability", x, y);
  const seen = from.read("observations", x, y), plain = (text) => [[null, text]];
  const rows = [[from.has("smoothed") ? "Class, raw map" : "Class", raw ? [raw] : plain("not mapped")]];
  if (smooth) rows.push(["Class, smoothed map", [smooth]]);
  if (sure) rows.push([`Probability of the ${from.has("smoothed") ? "raw " : ""}class`, plain(sure[1])]);
  if (raw) {
    const promised = data.promised[model], set = from.set(x, y), share = promised && `${Math.round(promised * 1000) / 10}\u202f%`;
    rows.push([`Set of classes, ${promised ? `${share} promised` : "nothing promised"}`, set]);
  }
  if (mixed) rows.push(["Entropy, of the highest", plain(mixed[1])]);
  if (away) {
    const outside = data.keys[`applicability/${model}`].indexOf(away) >= data.keys[`applicability/${model}`].length / 2;
    rows.push(["Dissimilarity, of the threshold", plain(`${away[1]}: ${outside ? "outside the area of applicability: do not rely on the rest" : "inside the area of applicability"}`)]);
  }
  if (seen) rows.push(["Clear observations", plain(seen[1])]);
  return rows;
};
