"use strict";
// The corridor map: drawn once as SVG, an hour changes only colours, widths and arrows.
(() => {
  const { doc, state, word, plain, array, minutes, days, node, chooser, setHour, listen } = gridopt;
  const map = doc.data.map, box = document.getElementById("figure-map");
  const CLASSES = [[0.5, "#b4c3d1"], [0.7, "#6f9cc0"], [0.85, "#efb73e"], [0.995, "#dc6b2b"], [Infinity, "#a3123a"]];
  const RAMP = ["#23407c", "#4f86b5", "#d9dcd2", "#e8a24c", "#a3321f"], NOLIMIT = "#8d98a4", DC = "#6a4c93";
  const whole = (v) => (Number.isNaN(v) ? "–" : (Math.round(v) || 0).toLocaleString("en-US"));
  const arrays = {};
  const fine = map ? map.fine : 1, radius = Math.max(2.2, 8 * fine);
  let parts, timer = null, speed = 6, range = [0, 1], widest = 1;

  function svg(tag, attributes, parent) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (parent) parent.append(element);
    return element;
  }
  const loadingColour = (share) => (Number.isNaN(share) ? NOLIMIT : CLASSES.find(([top]) => share < top)[1]);
  function mixed(share) {
    const at = Math.max(0, Math.min(0.9999, share)) * (RAMP.length - 1), i = Math.floor(at), part = at - i;
    const channel = (hex, n) => parseInt(hex.slice(1 + 2 * n, 3 + 2 * n), 16);
    return `rgb(${[0, 1, 2].map((n) => Math.round(channel(RAMP[i], n) * (1 - part) + channel(RAMP[i + 1], n) * part)).join(",")})`;
  }
  function prepare() {
    for (const name of ["price", "flow", "limit", "shadow", "load", "output", "curtailed"]) arrays[name] = array("map_" + name);
    arrays.dc = array("dc_sent");
    const prices = [], step = Math.max(1, Math.floor(minutes.length / 500));
    for (let i = 0; i < minutes.length; i += step) for (let b = 0; b < arrays.price.rows; b++) { const v = arrays.price.at(b, i); if (!Number.isNaN(v)) prices.push(v); }
    prices.sort((a, b) => a - b);
    range = prices.length ? [prices[Math.floor(prices.length * 0.02)], prices[Math.floor(prices.length * 0.98)]] : [0, 1];
    if (range[1] - range[0] < 1e-6) range = [range[0] - 1, range[1] + 1];
    for (let i = 0; i < minutes.length; i += step) for (let l = 0; l < arrays.flow.rows; l++) widest = Math.max(widest, Math.abs(arrays.flow.at(l, i)) || 0);
  }

  // --- drawing once ------------------------------------------------------------------------------------------------------
  function build() {
    const picture = svg("svg", { viewBox: `0 0 ${map.width} ${map.height}`, role: "img", "aria-label": word("map_label"), "font-family": "inherit" });
    const layer = () => svg("g", {}, picture);
    const grid = layer(), leaders = layer(), links = layer(), lines = layer(), arrows = layer(), hits = layer(), buses = layer(), texts = layer();
    for (const g of map.grid) {
      const vertical = "x" in g;
      svg("line", vertical ? { x1: g.x, x2: g.x, y1: 0, y2: map.height, stroke: "#edf0f3" } : { x1: 0, x2: map.width, y1: g.y, y2: g.y, stroke: "#edf0f3" }, grid);
      svg("text", vertical ? { x: g.x + 3, y: map.height - 5, "font-size": 11, fill: "#97a1ac" } : { x: 4, y: g.y - 3, "font-size": 11, fill: "#97a1ac" }, grid).textContent = g.text;
    }
    parts = { picture, lines: [], arrows: [], links: [], linkTexts: [], buses: [] };
    map.links.forEach((k, i) => {
      parts.links.push(svg("line", { x1: k.x1, y1: k.y1, x2: k.x2, y2: k.y2, stroke: DC, "stroke-linecap": "butt", opacity: 0.75 }, links));
      hit(hits, `M${k.x1},${k.y1} L${k.x2},${k.y2}`, "link", i);
      if (!k.edge) { parts.linkTexts.push(null); return; }
      svg("rect", { x: k.x2 - 56, y: k.y2 - 19, width: 112, height: 38, rx: 6, fill: "#f4f0f9", stroke: DC }, texts);
      svg("text", { x: k.x2, y: k.y2 - 4, "font-size": 13, "font-weight": 600, fill: DC, "text-anchor": "middle" }, texts).textContent = plain(k.far || k.name);
      parts.linkTexts.push(svg("text", { x: k.x2, y: k.y2 + 12, "font-size": 12, fill: "#4b3a66", "text-anchor": "middle" }, texts));
    });
    map.branches.forEach((b, i) => {
      const path = `M${b.x1},${b.y1} Q${b.cx},${b.cy} ${b.x2},${b.y2}`;
      parts.lines.push(svg("path", { d: path, fill: "none", "stroke-linecap": "round" }, lines));
      if (map.branches.length <= 400) parts.arrows.push(svg("path", { d: "M-5,-5 L6,0 L-5,5 Z", stroke: "#fff", "stroke-width": 1 }, arrows));
      hit(hits, path, "line", i);
    });
    map.buses.forEach((b, i) => {
      const outside = b.role === "external";
      const look = { fill: "#ccc", stroke: outside ? "#5b6875" : "#1d2733", "stroke-width": fine < 1 ? 0.7 : 1.4, "data-bus": i };
      parts.buses.push(outside ? svg("rect", { x: b.x - 0.8125 * radius, y: b.y - 0.8125 * radius, width: 1.625 * radius, height: 1.625 * radius, ...look }, buses) : svg("circle", { cx: b.x, cy: b.y, r: radius, ...look }, buses));
      hover(parts.buses[i], "bus", i);
      if (!b.label[state.lang]) return;
      const [x, y, anchor, text] = b.label[state.lang];
      const far = Math.hypot(x - b.x, y - b.y), from = 9 / far;
      if (far > 21) svg("line", { x1: b.x + (x - b.x) * from, y1: b.y + (y - b.y) * from, x2: x, y2: anchor === "middle" ? y - 6 * Math.sign(y - b.y) : y, stroke: "#8d98a4" }, leaders);
      svg("text", { x, y, "text-anchor": anchor, "dominant-baseline": "central", "font-size": 13, fill: outside ? "#5b6875" : "#1d2733", "font-style": outside && state.lang === "en" ? "italic" : "normal", "font-weight": outside ? 400 : 550, stroke: "#fff", "stroke-width": 3.5, "paint-order": "stroke", "pointer-events": "none" }, texts).textContent = text;
    });
    box.replaceChildren(picture);
  }
  function hit(parent, path, kind, i) {
    hover(svg("path", { d: path, fill: "none", stroke: "transparent", "stroke-width": Math.max(4, 16 * fine) }, parent), kind, i);
  }

  // --- one hour ----------------------------------------------------------------------------------------------------------
  function paint() {
    const h = state.hour;
    map.branches.forEach((b, i) => {
      const flow = arrays.flow.at(i, h), limit = arrays.limit ? arrays.limit.at(i, h) : NaN, share = Math.abs(flow) / limit, wide = (1.6 + 8.5 * Math.min(1, Math.abs(flow) / widest)) * Math.max(0.3, fine);
      const colour = loadingColour(share);
      parts.lines[i].setAttribute("stroke", colour);
      parts.lines[i].setAttribute("stroke-width", wide.toFixed(1));
      if (!parts.arrows[i]) return;
      const angle = (Math.atan2(b.y2 - b.y1, b.x2 - b.x1) * 180) / Math.PI + (flow < 0 ? 180 : 0), size = (0.75 + wide / 11) * (fine < 1 ? 0.55 : 1);
      parts.arrows[i].setAttribute("transform", `translate(${(b.x1 + 2 * b.cx + b.x2) / 4},${(b.y1 + 2 * b.cy + b.y2) / 4}) rotate(${angle.toFixed(1)}) scale(${size.toFixed(2)})`);
      parts.arrows[i].setAttribute("fill", share >= 0.85 ? colour : "#46535f");
      parts.arrows[i].setAttribute("visibility", Math.abs(flow) < 0.002 * widest ? "hidden" : "visible");
    });
    map.links.forEach((k, i) => {
      const sent = arrays.dc.at(k.row, h), wide = 1.4 + 5 * Math.min(1, sent / (k.limit || widest));
      parts.links[i].setAttribute("stroke-width", wide.toFixed(1));
      parts.links[i].setAttribute("stroke-dasharray", "9 6");
      if (parts.linkTexts[i]) parts.linkTexts[i].textContent = `${whole(sent)} MW`;
    });
    map.buses.forEach((b, i) => {
      const price = arrays.price.at(i, h);
      parts.buses[i].setAttribute("fill", Number.isNaN(price) ? "#ffffff" : mixed((price - range[0]) / (range[1] - range[0])));
    });
    parts.picture.dataset.hour = h;
    panel(h);
    follow(h);
  }

  // --- beside the map ----------------------------------------------------------------------------------------------------
  let clock, figures = [], gauges = [];
  function buildPanel() {
    const list = node("dl");
    clock = node("div", { className: "clock" });
    figures = (doc.data.panel || []).filter(([, name]) => array(name)).map(([key, name, rows, unit]) => {
      const value = node("dd");
      list.append(node("dt", { textContent: word(key) }), value);
      return [value, array(name), rows, plain(unit), name === "map_price"];
    });
    gauges = (doc.data.interfaces || []).map((name) => {
      const of = node("span", { className: "of" }), bar = node("span", { className: "bar" });
      return { of, bar, element: node("div", { className: "gauge" }, node("div", {}, node("span", { textContent: plain(name) }), of), node("span", { className: "track" }, bar)) };
    });
    const key = (colour, text) => { const swatch = node("i"); swatch.style.background = colour; return node("div", { className: "key" }, swatch, node("span", { textContent: text })); };
    const dash = key(`repeating-linear-gradient(90deg, ${DC} 0 7px, transparent 7px 11px)`, word("map_dc"));
    const ramp = node("i", { className: "ramp" });
    ramp.style.background = `linear-gradient(90deg, ${RAMP.join(", ")})`;
    const legend = [
      node("b", { textContent: word("map_loading") }), key(CLASSES[0][1], "< 50 %"), key(CLASSES[1][1], "50 – 70 %"), key(CLASSES[2][1], "70 – 85 %"), key(CLASSES[3][1], "85 – 99.5 %"), key(CLASSES[4][1], word("map_at_limit")), key(NOLIMIT, word("map_no_limit")), ...(map.links.length ? [dash] : []),
      node("div", { className: "key", textContent: word("map_width") }),
      node("b", { textContent: `${word("map_price")}, ${plain(doc.data.unit)}` }), node("div", { className: "key" }, node("span", { textContent: "≤ " + whole(range[0]) }), ramp, node("span", { textContent: "≥ " + whole(range[1]) })),
    ];
    const sections = gauges.length ? [node("h4", { textContent: word("sections_now") }), ...gauges.map((g) => g.element)] : [];
    document.getElementById("map-hour").replaceChildren(clock, list, ...sections);
    document.getElementById("map-legend").replaceChildren(...legend);
    const off = document.getElementById("off-map");
    const notes = [];
    if (map.off_map.length) notes.push(word("off_map") + map.off_map.slice(0, 40).map(plain).join(", ") + (map.off_map.length > 40 ? ", …" : ""));
    if (map.left_out) notes.push(word("map_left_out").replace("{n}", whole(map.left_out)));
    off.hidden = !notes.length;
    off.textContent = notes.join(" ");
  }
  function panel(h) {
    clock.textContent = minutes.length > 1 ? gridopt.timeText(h) : "";
    for (const [value, data, rows, unit, averaged] of figures) {
      const known = rows.map((row) => data.at(row, h)).filter((v) => !Number.isNaN(v)), sum = known.reduce((total, v) => total + v, 0);
      value.textContent = `${whole(averaged ? sum / known.length : sum)} ${unit}`;
    }
    gauges.forEach((g, i) => {
      const flow = array("interface_flow").at(i, h), limit = array(flow < 0 ? "interface_backward" : "interface_forward").at(i, h), share = Math.abs(flow) / Math.abs(limit);
      g.of.textContent = Number.isNaN(limit) ? `${whole(flow)} MW` : `${whole(flow)} / ${whole(Math.abs(limit))} MW`;
      g.bar.style.width = `${Math.min(100, 100 * (share || 0))}%`;
      g.bar.style.background = loadingColour(share);
    });
  }

  // --- controls ----------------------------------------------------------------------------------------------------------
  let slider, date, hour, play;
  function buildControls() {
    const last = minutes.length - 1, iso = (i) => new Date(gridopt.stamp(i)).toISOString();
    slider = node("input", { type: "range", min: 0, max: last, value: state.hour, className: "grow", id: "map-slider", "aria-label": word("hour"), oninput: () => setHour(Number(slider.value)) });
    date = node("input", { type: "date", min: iso(0).slice(0, 10), max: iso(last).slice(0, 10), "aria-label": word("day"), onchange: () => { if (date.value) setHour(gridopt.nearest(Date.parse(`${date.value}T${hour.value}Z`))); } });
    const clocks = [...new Set(Array.from({ length: Math.min(last + 1, 400) }, (_, i) => iso(i).slice(11, 16)))].sort();
    hour = chooser(clocks.map((c) => [c, c]), clocks[0], () => date.onchange(), word("hour"));
    play = node("button", { type: "button", id: "map-play", onclick: () => (timer ? stop() : run()) });
    const step = (text, by, label) => node("button", { type: "button", textContent: text, "aria-label": label, onclick: () => setHour(state.hour + by) });
    const moments = (doc.data.moments || []).map(([key, at]) => node("button", { type: "button", textContent: word(key), onclick: () => setHour(at) }));
    const pace = chooser([[2, "2 h/s"], [6, "6 h/s"], [24, "24 h/s"]], speed, (v) => { speed = Number(v); if (timer) run(); }, word("speed"));
    const bar = document.getElementById("map-controls");
    if (last < 1) { bar.replaceChildren(); return; }
    bar.replaceChildren(play, step("‹", -1, word("previous")), step("›", 1, word("next")), pace, date, hour, slider, node("span", { textContent: word("moment") }), ...moments);
    playText();
  }
  const playText = () => { if (play) play.textContent = timer ? "❚❚ " + word("pause") : "▶ " + word("play"); };
  function follow(h) {
    if (!slider) return;
    const text = new Date(gridopt.stamp(h)).toISOString();
    slider.value = h;
    date.value = text.slice(0, 10);
    hour.value = text.slice(11, 16);
  }
  function run() {
    clearInterval(timer);
    const steps = Math.max(1, Math.round(speed / 12)), hours = doc.data.hours;
    timer = setInterval(() => (state.hour >= minutes.length - 1 ? stop() : setHour(state.hour + steps)), (1000 * steps * hours) / speed);
    playText();
  }
  function stop() { clearInterval(timer); timer = null; playText(); }

  // --- hover -------------------------------------------------------------------------------------------------------------
  const tip = document.getElementById("tip");
  function hover(element, kind, i) {
    element.addEventListener("pointermove", (event) => {
      const [title, rows] = describe[kind](i);
      tip.replaceChildren(node("b", { textContent: title }), ...rows.map(([a, b]) => node("div", { className: "row" }, node("span", { textContent: a }), node("span", { textContent: b }))));
      tip.hidden = false;
      tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
      tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
    });
    element.addEventListener("pointerleave", () => { tip.hidden = true; });
  }
  const describe = {
    bus(i) {
      const h = state.hour, b = map.buses[i], rows = [[word("price"), `${arrays.price.at(i, h).toFixed(1)} ${plain(doc.data.unit)}`]];
      for (const [key, name] of [["load", "load"], ["wind_solar", "output"], ["curtailed", "curtailed"]]) if (arrays[name] && arrays[name].at(i, h)) rows.push([word(key), `${whole(arrays[name].at(i, h))} MW`]);
      return [`${plain(b.name)} (${b.bus})${b.role === "external" ? ", " + word("external") : ""}`, rows];
    },
    line(i) {
      const h = state.hour, b = map.branches[i], flow = arrays.flow.at(i, h), limit = arrays.limit ? arrays.limit.at(i, h) : NaN, shadow = arrays.shadow ? arrays.shadow.at(i, h) : 0;
      const rows = [[word("flow"), `${whole(flow)} MW`], [word("limit"), Number.isNaN(limit) ? word("map_no_limit") : `${whole(limit)} MW`]];
      if (!Number.isNaN(limit)) rows.push([word("loading"), `${((100 * Math.abs(flow)) / limit).toFixed(1)} %`]);
      if (shadow > 0.005) rows.push([word("shadow_price"), `${shadow.toFixed(1)} ${plain(doc.data.unit)}`]);
      if (b.circuits) rows.push([word("circuits"), String(b.circuits)]);
      return [plain(b.name), rows];
    },
    link(i) {
      const k = map.links[i], sent = arrays.dc.at(k.row, state.hour), rows = [[word("dc_sent"), `${whole(sent)} MW`]];
      if (k.limit) rows.push([word("limit"), `${whole(k.limit)} MW`], [word("loading"), `${((100 * sent) / k.limit).toFixed(1)} %`]);
      return [plain(k.name), rows];
    },
  };

  if (map && box) {
    prepare();
    const noon = days[Math.floor(days.length / 2)] + Math.floor(12 / doc.data.hours);
    const most = (doc.data.moments || []).find(([key]) => key === "moment_curtailed");
    state.hour = most ? most[1] : Math.min(noon, minutes.length - 1);
    listen((what) => {
      if (what === "language") { build(); buildPanel(); buildControls(); }
      paint();
    });
  }
})();
