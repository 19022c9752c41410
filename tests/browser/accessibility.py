"""A few rules of WCAG 2.2 AA that a machine can hold a page against; each names what breaks it."""

# Contrast 4.5:1, large text 3:1 (1.4.3); names of controls and links (4.1.2, 3.3.2); headings (1.3.1, 2.4.6); tables
# with caption and scoped heads (1.3.1); language (3.1.1); ids once (4.1.1); pictures with a name (1.1.1); targets of
# 24 px, links in a sentence excepted (2.5.8).
RULES = r"""
() => {
  const found = [];
  const say = (rule, node) => found.push(`${rule}: ${(node.outerHTML || "").slice(0, 160)}`);
  const shown = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const name = (node) => (node.getAttribute("aria-label") || node.textContent || "").trim();
  if (document.documentElement.lang !== "ja") found.push("no language");
  if (!document.title.trim()) found.push("no title");
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  let level = 0;
  for (const heading of document.querySelectorAll("h1,h2,h3,h4,h5,h6")) {
    const now = Number(heading.tagName[1]);
    if (now > level + 1) say("heading level skipped", heading);
    level = now;
  }
  for (const input of document.querySelectorAll("input:not([type=hidden]),select,textarea"))
    if (!input.labels?.length && !input.getAttribute("aria-label")) say("no label", input);
  for (const control of document.querySelectorAll("button,a[href],summary"))
    if (!name(control)) say("no name", control);
  for (const table of document.querySelectorAll("table:not(.narrative table)")) {
    if (!table.caption) say("no caption", table);
    for (const head of table.querySelectorAll("th")) if (!head.scope) say("no scope", head);
  }
  for (const set of document.querySelectorAll("fieldset")) if (!set.querySelector("legend")) say("no legend", set);
  for (const picture of document.querySelectorAll("img,svg"))
    if (!picture.getAttribute("alt") && !picture.getAttribute("aria-label") && !picture.closest(".qr"))
      say("no name", picture);
  for (const region of document.querySelectorAll("[aria-labelledby]"))
    for (const id of region.getAttribute("aria-labelledby").split(" "))
      if (!document.getElementById(id)) say("points nowhere", region);
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) found.push(`id twice: ${id}`);
  for (const control of document.querySelectorAll("button,.button,nav a,select,input:not([type=hidden])")) {
    const box = control.getBoundingClientRect();
    const label = control.labels?.[0]?.getBoundingClientRect();
    if (shown(control) && box.width && Math.max(box.height, label?.height || 0) < 24) say("small target", control);
  }
  const light = (rgb) => {
    const straight = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((one) => straight(one / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parts = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(at).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !shown(node)) continue;
    if (node.closest(".hidden-text,svg,option,script")) continue;
    const style = getComputedStyle(node);
    const one = light(parts(style.color).slice(0, 3)) + 0.05, other = light(ground(node)) + 0.05;
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (Math.max(one, other) / Math.min(one, other) < (large ? 3 : 4.5)) say("low contrast", node);
  }
  return found;
}
"""

# The page may not be wider than the screen: what is wider scrolls in its own box (1.4.10).
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
