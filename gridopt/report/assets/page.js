"use strict";
// The page: language, figures, controls, tables. Text of the data reaches the document through textContent only; in figures it is escaped.
const gridopt = (() => {
  const doc = JSON.parse(document.getElementById("gridopt-data").textContent);
  const root = document.documentElement, listeners = [];
  const state = { lang: startLanguage(), week: 0, pick: {}, hour: 0 };
  const minutes = new Int32Array(bytes(doc.data.times).buffer);
  const opened = {};

  function startLanguage() {
    const asked = new URLSearchParams(location.search).get("lang") || location.hash.slice(1);
    if (asked === "zh" || asked === "en") return asked;
    return (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
  }
  function bytes(base64) {
    const text = atob(base64), out = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
    return out;
  }

  // --- words -------------------------------------------------------------------------------------------------------------
  const side = () => (state.lang === "zh" ? 1 : 0);
  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const word = (key) => doc.words[key][side()];
  function replaced(text, forName) {
    if (!text.includes("⟦")) return text;
    return text.replace(/⟦([^⟧]+)⟧/g, (mark, key) => (doc.words[key] ? doc.words[key][side()] : doc.names[key] ? forName(doc.names[key][side()]) : mark));
  }
  const plain = (text) => replaced(text, (name) => name);
  // A copy of a part of a figure in the language shown; numbers and typed arrays pass through.
  function translated(value) {
    if (typeof value === "string") return replaced(value, escaped);
    if (Array.isArray(value)) return typeof value[0] === "number" ? value.slice() : value.map(translated);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, translated(v)]));
    return value;
  }

  // --- arrays ------------------------------------------------------------------------------------------------------------
  // {rows, columns, at(row, column)}; NaN where nothing is known.
  function array(name) {
    if (!(name in doc.arrays)) return null;
    if (!opened[name]) {
      const { rows, columns, scale, data } = doc.arrays[name];
      // Without a factor the values are 32-bit floats.
      const whole = scale ? new Int16Array(bytes(data).buffer) : new Float32Array(bytes(data).buffer);
      const at = (row, column) => { const v = whole[row * columns + (columns === 1 ? 0 : column)]; return !scale ? v : v === -32768 ? NaN : v * scale; };
      opened[name] = { rows, columns, at };
    }
    return opened[name];
  }
  const stamp = (i) => minutes[i] * 60000;
  const days = (() => {
    const start = [];
    for (let i = 0; i < minutes.length; i++) if (i === 0 || Math.floor(minutes[i] / 1440) !== Math.floor(minutes[i - 1] / 1440)) start.push(i);
    return start;
  })();

  // --- dates in words ----------------------------------------------------------------------------------------------------
  const two = (n) => String(n).padStart(2, "0");
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  function dayText(i, withYear) {
    const d = new Date(stamp(i)), m = d.getUTCMonth(), n = d.getUTCDate(), y = d.getUTCFullYear();
    return state.lang === "zh" ? `${withYear ? y + "年" : ""}${m + 1}月${n}日` : `${n} ${months[m]}${withYear ? " " + y : ""}`;
  }
  function timeText(i) {
    const d = new Date(stamp(i)), name = state.lang === "zh" ? "周" + "日一二三四五六"[d.getUTCDay()] : "Sun Mon Tue Wed Thu Fri Sat".split(" ")[d.getUTCDay()];
    const clock = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
    return state.lang === "zh" ? `${dayText(i, true)} ${name} ${clock}` : `${name} ${dayText(i, true)}, ${clock}`;
  }
  function weekText([start, stop]) {
    const d = new Date(stamp(start)), thursday = new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate() + 3 - ((d.getUTCDay() + 6) % 7)));
    const number = 1 + Math.floor((thursday - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 604800000);
    const span = `${dayText(start)} – ${dayText(stop - 1, true)}`;
    return state.lang === "zh" ? `第${number}周 ${span}` : `Week ${number}: ${span}`;
  }

  // --- figures -----------------------------------------------------------------------------------------------------------
  const fill = {
    week(id, data) {
      const whole = state.week < 0, [start, stop] = whole ? [0, minutes.length] : doc.data.weeks[state.week];
      const x = whole ? days.map(stamp) : Array.from({ length: stop - start }, (_, i) => stamp(start + i));
      for (const trace of data) {
        const { at } = array(trace.meta.array), row = trace.meta.row;
        trace.x = x;
        trace.y = whole ? days.map((d, n) => mean(at, row, d, n + 1 < days.length ? days[n + 1] : minutes.length)) : x.map((_, i) => at(row, start + i));
      }
      return data;
    },
    rows(id, data) {
      const whole = state.week < 0, [start, stop] = whole ? [0, minutes.length] : doc.data.weeks[state.week];
      const { at, rows } = array(data[0].meta.array), kept = (v) => (Number.isNaN(v) ? null : v);
      const x = whole ? days.map(stamp) : Array.from({ length: stop - start }, (_, i) => stamp(start + i));
      const z = Array.from({ length: rows }, (_, row) => whole ? days.map((d, n) => kept(known(at, row, d, n + 1 < days.length ? days[n + 1] : minutes.length))) : x.map((_, i) => kept(at(row, start + i))));
      Object.assign(data[0], { x, z });
      return data;
    },
    pick(id, data) { return data.filter((trace) => trace.meta.pick === chosen(id)); },
    day_hour(id, data) {
      const { at } = array(data[0].meta.array), row = chosen(id);
      const step = Math.max(1, minutes.length > 1 ? minutes[1] - minutes[0] : 60), count = Math.max(1, Math.floor(1440 / step));
      const z = Array.from({ length: count }, () => new Array(days.length).fill(null));
      let d = -1;
      for (let i = 0; i < minutes.length; i++) {
        if (d + 1 < days.length && days[d + 1] === i) d++;
        const v = at(row, i);
        z[Math.floor((minutes[i] % 1440) / step)][d] = Number.isNaN(v) ? null : v;
      }
      Object.assign(data[0], { x: days.map((i) => Math.floor(minutes[i] / 1440) * 86400000), y: z.map((_, i) => (i * step) / 60), z });
      return data;
    },
  };
  const mean = (at, row, start, stop) => { let sum = 0; for (let i = start; i < stop; i++) sum += at(row, i); return sum / (stop - start); };
  const known = (at, row, start, stop) => { let sum = 0, count = 0; for (let i = start; i < stop; i++) { const v = at(row, i); if (!Number.isNaN(v)) { sum += v; count++; } } return count ? sum / count : NaN; };
  const chosen = (id) => state.pick[id] ?? doc.figures[id].control.options[0][0];

  // What is to be done with a figure of a kind of control once it is there.
  const drawn = { week: (element) => element.on("plotly_click", (event) => setHour(nearest(Date.parse(event.points[0].x + "Z") || event.points[0].x))) };
  async function draw(id) {
    const figure = doc.figures[id], element = document.getElementById("figure-" + id);
    let data = translated(figure.data);
    const layout = translated(figure.layout);
    if (figure.control) data = fill[figure.control.kind](id, data, layout);
    layout.height = figure.height;
    layout.autosize = true;
    if (element.clientWidth < 520) { layout.legend = { ...layout.legend, font: { size: 10.5 } }; layout.margin = { ...layout.margin, l: 34, r: 6 }; }
    const first = !element.classList.contains("js-plotly-plot");
    await Plotly.react(element, data, layout, {
      displaylogo: false, showSendToCloud: false, responsive: true, locale: state.lang === "zh" ? "zh-CN" : "en",
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"], toImageButtonOptions: { filename: `${id}`, scale: 2 },
    });
    if (first && figure.control && drawn[figure.control.kind]) drawn[figure.control.kind](element);
    element.setAttribute("role", "img");
  }
  function nearest(ms) {
    const wanted = ms / 60000;
    let low = 0, high = minutes.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (minutes[middle] <= wanted) low = middle; else high = middle - 1; }
    return low;
  }
  // Figures near the reader first, the rest between two frames each, so that the page stays usable.
  let turn = 0;
  async function drawAll() {
    const mine = ++turn, far = (id) => Math.abs(document.getElementById("figure-" + id).getBoundingClientRect().top - 200);
    root.dataset.ready = "no";
    const waiting = Object.keys(doc.figures).filter((id) => document.getElementById("figure-" + id));
    waiting.sort((a, b) => far(a) - far(b));
    for (const id of waiting) {
      if (mine !== turn) return window.gridoptReady;
      await draw(id);
      await new Promise((next) => setTimeout(next));
    }
    root.dataset.ready = "yes";
    return true;
  }

  // --- controls ----------------------------------------------------------------------------------------------------------
  function node(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(properties)) key.includes("-") || key === "role" ? element.setAttribute(key, value) : (element[key] = value);
    element.append(...children);
    return element;
  }
  function chooser(options, value, change, label) {
    const select = node("select", { onchange: () => change(select.value), "aria-label": label }, ...options.map(([key, text]) => node("option", { value: String(key), textContent: text })));
    select.value = String(value);
    return select;
  }
  const byWeek = (control) => control && (control.kind === "week" || control.kind === "rows");
  function weekControls(bar, id) {
    const last = doc.data.weeks.length - 1;
    if (last === 0 && days.length < 3) { bar.replaceChildren(); return; }
    // Every figure by the week shows the same one.
    const weekly = () => [...document.querySelectorAll("[data-controls]")].filter((other) => byWeek(doc.figures[other.dataset.controls].control));
    const drawWeek = () => { for (const other of weekly()) draw(other.dataset.controls); };
    const go = (week) => { state.week = Math.max(-1, Math.min(last, week)); for (const other of weekly()) weekControls(other, other.dataset.controls); drawWeek(); };
    const slider = node("input", { type: "range", min: 0, max: last, value: Math.max(0, state.week), className: "grow", "aria-label": word("week"), oninput: () => { state.week = Number(slider.value); select.value = slider.value; drawWeek(); } });
    const select = chooser([[-1, word("whole")], ...doc.data.weeks.map((w, i) => [i, weekText(w)])], state.week, (v) => go(Number(v)), word("week"));
    const step = (text, by, label) => node("button", { type: "button", textContent: text, "aria-label": label, onclick: () => go(state.week + by) });
    bar.replaceChildren(step("‹", -1, word("previous")), select, step("›", 1, word("next")), ...(last > 0 ? [slider] : []));
  }
  function pickControls(bar, id) {
    const { options } = doc.figures[id].control, keep = typeof options[0][0] === "number" ? Number : String;
    if (options.length < 2) { bar.replaceChildren(node("span", { textContent: plain(options[0][1]) })); return; }
    const change = (value) => { state.pick[id] = keep(value); draw(id); };
    bar.replaceChildren(node("label", {}, word("show"), chooser(options.map(([k, n]) => [k, plain(n)]), chosen(id), change, word("show"))));
  }
  // Controls above a figure by kind of control.
  const bars = { week: weekControls, rows: weekControls, pick: pickControls, day_hour: pickControls };
  function controls() {
    for (const bar of document.querySelectorAll("[data-controls]")) {
      const id = bar.dataset.controls, control = doc.figures[id].control;
      if (control) bars[control.kind](bar, id);
    }
    sourceControls();
  }
  let wanted = { text: "", confidence: "" };
  function sourceControls() {
    const bar = document.getElementById("source-controls");
    if (!bar) return;
    const count = node("span", {});
    const show = () => {
      let shown = 0;
      for (const row of document.querySelectorAll("#source-table tbody tr")) {
        const fits = (!wanted.confidence || row.dataset.confidence === wanted.confidence) && row.textContent.toLowerCase().includes(wanted.text);
        row.hidden = !fits;
        shown += fits;
      }
      count.textContent = `${shown} ${word("rows_shown")}`;
    };
    const search = node("input", { type: "search", value: wanted.text, placeholder: word("filter"), "aria-label": word("filter"), oninput: () => { wanted.text = search.value.toLowerCase(); show(); } });
    const buttons = ["", "sourced", "recalled", "estimate"].map((key) => node("button", {
      type: "button", textContent: word(key || "all"), "aria-pressed": String(wanted.confidence === key), onclick: () => { wanted.confidence = key; sourceControls(); },
    }));
    bar.replaceChildren(search, ...buttons, count);
    show();
  }
  function sortTables() {
    for (const table of document.querySelectorAll("table.sortable")) {
      table.tHead.addEventListener("click", (event) => {
        const head = event.target.closest("th");
        if (!head || !head.textContent.trim()) return;
        const column = head.cellIndex, up = head.getAttribute("aria-sort") === "descending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => { const cell = row.cells[column], text = cell.dataset.sort ?? cell.textContent.trim(); const n = parseFloat(text.replace(/,/g, "")); return head.classList.contains("n") ? (Number.isNaN(n) ? -Infinity : n) : text; };
        const rows = [...table.tBodies[0].rows].map((row) => [key(row), row]);
        rows.sort(([a], [b]) => (typeof a === "number" ? a - b : a.localeCompare(b)) * (up ? 1 : -1));
        table.tBodies[0].append(...rows.map(([, row]) => row));
      });
    }
  }

  // --- language, hour, start ---------------------------------------------------------------------------------------------
  function speak(lang) {
    state.lang = lang;
    root.lang = lang === "zh" ? "zh-CN" : "en";
    document.title = `${doc.data.titles[side()]} · ${word("report")}`;
    document.getElementById("language").textContent = word("language");
    controls();
    for (const listener of listeners) listener("language");
    window.gridoptReady = drawAll();
  }
  function setHour(hour) {
    state.hour = Math.max(0, Math.min(minutes.length - 1, hour));
    for (const listener of listeners) listener("hour");
  }
  function registerChinese() {
    const names = (text) => text.split(" ");
    Plotly.register({ moduleType: "locale", name: "zh-CN",
      dictionary: { "Zoom": "缩放", "Pan": "平移", "Zoom in": "放大", "Zoom out": "缩小", "Reset axes": "复位", "Autoscale": "自动缩放", "Download plot as a PNG": "下载图片（PNG）", "Download plot as a png": "下载图片（PNG）", "Download plot": "下载图片", "Double-click to zoom back out": "双击复位", "Double-click on legend to isolate one trace": "双击图例只看该系列" },
      format: { days: names("周日 周一 周二 周三 周四 周五 周六"), shortDays: names("周日 周一 周二 周三 周四 周五 周六"), months: names("1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月"), shortMonths: names("1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月"), date: "%Y-%m-%d", year: "%Y年", month: "%Y年%-m月", dayMonth: "%-m月%-d日", dayMonthYear: "%Y年%-m月%-d日" } });
  }
  function followContents() {
    const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.getAttribute("href").slice(1), a]));
    const observer = new IntersectionObserver((seen) => {
      for (const entry of seen) if (entry.isIntersecting) { for (const a of links.values()) a.classList.remove("here"); links.get(entry.target.id).classList.add("here"); }
    }, { rootMargin: "-15% 0px -75% 0px" });
    for (const section of document.querySelectorAll("main > section")) observer.observe(section);
  }
  function start() {
    registerChinese();
    state.week = doc.data.week ?? 0;
    document.getElementById("language").onclick = () => speak(state.lang === "zh" ? "en" : "zh");
    window.addEventListener("beforeprint", () => eachFigure((element) => Plotly.relayout(element, { width: Math.min(element.clientWidth, 660) })));
    window.addEventListener("afterprint", () => eachFigure((element) => Plotly.relayout(element, { width: null, autosize: true })));
    sortTables();
    followContents();
    speak(state.lang);
  }
  function eachFigure(act) { for (const element of document.querySelectorAll(".figure.js-plotly-plot")) act(element); }

  return { doc, state, word, plain, array, bytes, escaped, fill, bars, drawn, draw, minutes, stamp, days, timeText, node, chooser, nearest, setHour, start, listen: (listener) => listeners.push(listener) };
})();
