"""What a page in the browser has that somebody could not read."""

import json

from tests.browser.chromium import Chromium

_FAINT = """(() => {
      const parts = (css) => css.match(/[\\d.]+/g).map(Number);
      const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
      const ground = (e) => { for (; e; e = e.parentElement) {
        const c = parts(getComputedStyle(e).backgroundColor);
        if (c.length === 3 || c[3] === 1) return c; } };
      const faint = [];
      for (const e of document.querySelectorAll("body *:not(script):not(svg):not(svg *)")) {
        const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
        if (!own || !e.checkVisibility() || e.disabled) continue;
        const a = light(parts(getComputedStyle(e).color)), b = light(ground(e));
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) faint.push(e.outerHTML.slice(0, 90));
      }
      return faint; })()"""
_CONTROLS = ("button", "radio", "slider", "image", "link", "application", "heading", "searchbox")


def faint_texts(page: Chromium) -> list[str]:
    """Elements whose text has less contrast than 4.5 to 1 (WCAG 2.2, success criterion 1.4.3)."""
    return page.evaluate(_FAINT)


def nameless_controls(page: Chromium) -> list[str]:
    """Nodes of the accessibility tree that should have a name, and have none."""
    page.send("Accessibility.enable")
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    return [
        json.dumps(node)[:300]
        for node in nodes
        if node.get("role", {}).get("value") in _CONTROLS
        and not node.get("name", {}).get("value", "").strip()
    ]
