"use strict";
// Sections of a market run: what makes up a price, two rules side by side, tables with a search.
(() => {
  const { doc, state, word, plain, array, bytes, escaped, node, chooser, fill, bars, drawn, draw, listen } = gridopt;
  const { why, change } = doc.data;
  // {name} in the words of a key replaced by values.
  const said = (key, values) => word(key).replace(/\{(\w+)\}/g, (mark, name) => values[name] ?? mark);
  const shown = (value, digits = 2) => (Number.isFinite(value) ? value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace(/^-(0(\.0+)?)$/, "$1") : "–");
  const signed = (value, digits = 2) => (value > 0 ? "+" : "") + shown(value, digits);

  // --- why is the price this ---------------------------------------------------------------------------------------------
  const NETWORK = ["energy", "loss", "congestion"], MOST = 8;
  if (why) {
    const [combo, bus, time] = why.start;
    state.why = { combo, bus, time };
    const at = new Int32Array(bytes(why.times).buffer), starts = {};
    const ms = (t) => at[t] * 60000;
    const kept = (v) => (Number.isNaN(v) ? null : v);
    // Where the rows of each place begin in a list of which `name` holds how many each place has.
    const begins = (name) => {
      if (!starts[name]) {
        const count = array(name), out = new Int32Array(count.columns + 1);
        for (let i = 0; i < count.columns; i++) out[i + 1] = out[i] + Math.round(count.at(0, i));
        starts[name] = out;
      }
      return starts[name];
    };
    const value = (name, b, t) => { const found = array(`why_${name}_${why.combos[state.why.combo].key}`); return found ? found.at(found.rows === 1 ? 0 : b, t) : NaN; };
    fill.why = (id, data, layout) => {
      // On a narrow screen the prices need the width that long names and the scale would take.
      if (document.getElementById("figure-" + id).clientWidth < 520) {
        data[0].colorbar = { ...data[0].colorbar, orientation: "h", y: 1.01, yanchor: "bottom", title: { ...data[0].colorbar.title, side: "right" } };
        layout.xaxis = { ...layout.xaxis, nticks: 4, tickangle: 0 };
        layout.yaxis.ticktext = layout.yaxis.ticktext.map((_, b) => { const name = plain(why.bus[b]); return escaped(name.length > 12 ? name.slice(0, 11) + "…" : name); });
      }
      // The mark of the chosen price must not widen the picture.
      const half = at.length > 1 ? (ms(1) - ms(0)) / 2 : 1.8e6;
      layout.xaxis = { ...layout.xaxis, range: [ms(0) - half, ms(at.length - 1) + half], ...(at.length < 7 ? { tickvals: Array.from(at, (_, t) => ms(t)) } : {}) };
      layout.yaxis = { ...layout.yaxis, autorange: false, range: [why.bus.length - 0.5, -0.5] };
      const now = why.combos[state.why.combo], lmp = array(`why_lmp_${now.key}`);
      const z = why.bus.map((_, b) => Array.from(at, (_, t) => kept(lmp.at(b, t))));
      const [low, high] = now.span;
      Object.assign(data[0], { x: at.length > 1 ? Array.from(at, (_, t) => ms(t)) : [ms(0) - half, ms(0) + half], y: why.bus.map((_, b) => b), z, zmin: high - low > 1e-6 ? low : low - 1, zmax: high - low > 1e-6 ? high : high + 1 });
      data[0].customdata = why.bus.map((name) => Array.from(at, () => escaped(plain(name))));
      data[0].hovertemplate = data[0].hovertemplate.replace("%{y}", "%{customdata}");
      data.push({ type: "scatter", mode: "markers", x: [ms(state.why.time)], y: [state.why.bus], marker: { symbol: "square-open", size: 15, color: "#111", line: { width: 2 } }, hoverinfo: "skip", showlegend: false });
      return data;
    };
    drawn.why = (element) => element.on("plotly_click", (event) => {
      const point = event.points[0].pointNumber;
      if (Array.isArray(point)) choose(point[0], point[1]);
    });
    const choose = (b, t) => {
      Object.assign(state.why, { bus: b, time: Math.max(0, Math.min(at.length - 1, t)) });
      const element = document.getElementById("figure-mk_why");
      if (element.classList.contains("js-plotly-plot")) Plotly.restyle(element, { x: [[ms(state.why.time)]], y: [[b]] }, [1]);
      controls();
      tell();
    };
    function clock(t) {
      const d = new Date(ms(t)), two = (n) => String(n).padStart(2, "0"), hour = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
      const m = d.getUTCMonth(), n = d.getUTCDate(), y = d.getUTCFullYear();
      return state.lang === "zh" ? `${y}年${m + 1}月${n}日 ${hour}` : `${n} ${"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[m]} ${y}, ${hour}`;
    }
    // Bus and time of the best price by a measure, among the buses at which somebody pays.
    function extreme(measure) {
      let best = -Infinity, where = [state.why.bus, state.why.time];
      for (let t = 0; t < at.length; t++) {
        const row = why.used.map((b) => kept(value("lmp", b, t))), known = row.filter((v) => v !== null);
        if (!known.length) continue;
        const [score, n] = measure(row, Math.min(...known), Math.max(...known));
        if (score > best) { best = score; where = [why.used[n], t]; }
      }
      choose(...where);
    }
    function controls() {
      const bar = document.getElementById("why-controls"), { combo, bus, time } = state.why;
      const rules = why.combos.map((c, i) => [i, plain(c.name)]);
      const rule = chooser(rules, combo, (v) => { state.why.combo = Number(v); draw("mk_why"); tell(); }, word("mk_c_rule"));
      const select = chooser(why.bus.map((name, i) => [i, plain(name)]), bus, (v) => choose(Number(v), time), word("mk_why_bus"));
      const slider = node("input", { type: "range", min: 0, max: at.length - 1, value: time, className: "grow", "aria-label": word("mk_why_time"), oninput: () => { when.textContent = clock(Number(slider.value)); choose(bus, Number(slider.value)); document.querySelector("#why-controls input").focus(); } });
      const when = node("span", { textContent: clock(time), className: "nowrap" });
      const step = (text, by, label) => node("button", { type: "button", textContent: text, "aria-label": label, onclick: () => choose(bus, time + by) });
      const jump = (key, measure) => node("button", { type: "button", textContent: word(key), onclick: () => extreme(measure) });
      bar.replaceChildren(
        ...(rules.length > 1 ? [rule] : []), select, ...(at.length > 1 ? [step("‹", -1, word("previous")), when, step("›", 1, word("next")), slider] : [when]),
        jump("mk_why_highest", (row, low, high) => [high, row.indexOf(high)]), jump("mk_why_lowest", (row, low) => [-low, row.indexOf(low)]),
        jump("mk_why_apart", (row, low, high) => [high - low, row.indexOf(high)]),
      );
    }
    // Terms of the table of explanations for this price; null where there are none, or none that add up to it.
    function terms(price) {
      if (!doc.data.why_terms) return null;
      const place = state.why.time * why.bus.length + state.why.bus, begin = begins("why_terms");
      const { label, kind } = doc.data.why_terms, source = array("why_source"), when = array("why_when"), weight = array("why_weight"), worth = array("why_value");
      const rows = [];
      for (let i = begin[place]; i < begin[place + 1]; i++) {
        const k = Math.round(source.at(0, i)), other = when ? Math.round(when.at(0, i)) : -1, w = weight.at(0, i), v = worth.at(0, i);
        rows.push({ kind: kind[k], name: plain(label[k]) + (other >= 0 ? ` (${clock(other)})` : ""), token: label[k], weight: w, value: v, part: w * v });
      }
      const near = (some) => Math.abs(some.reduce((sum, r) => sum + r.part, 0) - price) < 0.15 + 1e-3 * Math.abs(price);
      const network = rows.filter((r) => NETWORK.includes(r.kind)), plants = rows.filter((r) => !NETWORK.includes(r.kind) && r.kind !== "cap");
      if (!rows.length || !(near(network) || near(plants))) return null;
      return { network: near(network) ? network : [], plants: near(plants) ? plants : [] };
    }
    // Limits that bind in the period: name, flow, limit, mu.
    function limits() {
      const key = why.combos[state.why.combo].key, label = doc.data.why_limits[key];
      if (!label.length) return [];
      const begin = begins(`why_count_${key}`), out = [];
      for (let i = begin[state.why.time]; i < begin[state.why.time + 1]; i++) {
        const part = (name) => array(`why_${name}_${key}`).at(0, i), token = label[Math.round(part("element"))];
        out.push({ token, flow: part("flow"), limit: part("limit"), mu: part("mu") });
      }
      return out;
    }
    const cells = (tag, values) => values.map((v, i) => node(tag, { className: i ? "n" : "", textContent: v }));
    function listed(heads, rows, sum) {
      const body = node("tbody", {}, ...rows.map((r) => node("tr", {}, ...cells("td", r))));
      const foot = sum === undefined ? [] : [node("tfoot", {}, node("tr", {}, ...cells("th", [word("mk_why_adds"), ...heads.slice(2).map(() => ""), sum])))];
      return node("div", { className: "scroll" }, node("table", {}, node("thead", {}, node("tr", {}, ...cells("th", heads))), body, ...foot));
    }
    function splitBars(parts) {
      const most = Math.max(1e-9, ...parts.map(([, v]) => Math.abs(v)));
      return node("div", { className: "parts" }, ...parts.flatMap(([key, v]) => {
        const bar = node("i", { className: v < 0 ? "below" : "above" });
        bar.style.width = `${(50 * Math.abs(v)) / most}%`;
        return [node("span", { textContent: word(key) }), node("span", { className: "zero" }, bar), node("b", { textContent: shown(v) })];
      }));
    }
    function plantRows(found) {
      const unit = plain(doc.data.unit);
      const rows = found.map((r) => r.kind === "marginal"
        ? [r.name, said(r.weight >= 0 ? "mk_why_more" : "mk_why_less", { n: shown(Math.abs(r.weight), 3) }), shown(r.value), signed(r.part)]
        : [`${r.name}: ${doc.words["mk_term_" + r.kind] ? word("mk_term_" + r.kind) : r.kind}`, "", "", signed(r.part)]);
      return listed([word("mk_why_plant"), word("mk_why_change"), `${word("mk_why_offer")}, ${unit}`, `${word("mk_why_part")}, ${unit}`], rows, shown(found.reduce((sum, r) => sum + r.part, 0)));
    }
    function limitRows(found, binding) {
      const unit = plain(doc.data.unit), known = new Map(binding.map((l) => [l.token, l]));
      const rows = found.slice(0, MOST).map((r) => { const l = known.get(r.token) || {}; return [r.name, shown(l.flow, 1), shown(l.limit, 1), shown(r.value), shown(r.weight, 4), signed(r.part)]; });
      const rest = found.slice(MOST);
      if (rest.length) rows.push([word("mk_why_others"), "", "", "", "", signed(rest.reduce((sum, r) => sum + r.part, 0))]);
      const heads = ["mk_why_limit", "mk_why_flow", "mk_why_at", "mk_why_mu", "mk_why_shift", "mk_why_part"].map((key) => word(key));
      heads[3] += `, ${unit}`;
      heads[5] += `, ${unit}`;
      return listed(heads, rows, signed(found.reduce((sum, r) => sum + r.part, 0)));
    }
    function tell() {
      const box = document.getElementById("why-text"), { bus, time, combo } = state.why, unit = plain(doc.data.unit);
      const price = value("lmp", bus, time), line = (text, className = "") => node("p", { className, textContent: text });
      const title = node("h3", { textContent: `${plain(why.bus[bus])} · ${clock(time)}` });
      if (Number.isNaN(price)) { box.replaceChildren(title, line(word("mk_why_none"))); return; }
      const energy = value("energy", bus, time), congestion = value("congestion", bus, time), loss = price - energy - congestion;
      const out = [title];
      if (why.combos[combo].note) out.push(node("p", {}, node("span", { className: "badge warn", textContent: "⚠ " + plain(why.combos[combo].note) })));
      out.push(node("p", { className: "price" }, node("b", { textContent: said("mk_why_is", { price: shown(price), unit }) })));
      const settled = value("settled", bus, time), low = value("lmp_lo", bus, time), high = value("lmp_hi", bus, time);
      if (Math.abs(settled - price) > 0.03) out.push(line(said("mk_why_settled", { price: shown(settled), unit })));
      if (high - low > 0.03) out.push(line(said("mk_why_bounds", { low: shown(low), high: shown(high), unit })));
      if (!Number.isNaN(energy) && !Number.isNaN(congestion)) {
        const parts = [["mk_why_and_congestion", congestion], ["mk_why_and_loss", loss]].map(([key, v]) => (Math.abs(v) < 0.03 ? "" : said(key, { n: signed(v) })));
        out.push(line(said("mk_why_split", { energy: shown(energy), parts: parts.join("") })));
        out.push(splitBars([["mk_energy", energy], ["mk_congestion", congestion], ["mk_loss", Math.abs(loss) < 0.03 ? 0 : loss]]));
      }
      const found = terms(price), binding = limits();
      if (found && found.plants.length) out.push(line(said("mk_why_from", { bus: plain(why.bus[bus]) }), "say"), plantRows(found.plants));
      const pushed = found ? found.network.filter((r) => r.kind === "congestion") : [];
      if (pushed.length) out.push(line(word("mk_why_limits"), "say"), limitRows(pushed, binding));
      else if (binding.length) {
        const rows = binding.slice(0, 2 * MOST).map((l) => [plain(l.token), shown(l.flow, 1), shown(l.limit, 1), shown(l.mu)]);
        out.push(line(word("mk_why_bind"), "say"), listed([word("mk_why_limit"), word("mk_why_flow"), word("mk_why_at"), `${word("mk_why_mu")}, ${unit}`], rows));
      } else if (!Number.isNaN(congestion) && Math.abs(congestion) < 0.03) out.push(line(word("mk_why_free"), "say"));
      if (!found || !found.plants.length) {
        const known = why.explained.length && why.explained.length < why.bus.length ? said("mk_why_explained", { names: why.explained.map((b) => plain(why.bus[b])).join(word("mk_list")) }) : "";
        out.push(line(`${word("mk_why_no_terms")} ${known}`, "note"));
      }
      box.replaceChildren(...out);
    }
    bars.why = () => {};
    listen((what) => { if (what === "language") { controls(); tell(); } });
  }

  // --- two rules side by side --------------------------------------------------------------------------------------------
  if (change) {
    state.two = change.start.slice();
    const differ = (group) => change.groups[group].value.map((v) => v[state.two[1]] - v[state.two[0]]);
    fill.two = (id, data, layout) => {
      const { group } = doc.figures[id].control, { gain, loss, top } = layout.meta, all = differ(group);
      const order = all.map((_, i) => i).sort((a, b) => Math.abs(all[b]) - Math.abs(all[a])).slice(0, top).sort((a, b) => all[b] - all[a]);
      const names = order.map((i) => escaped(plain(change.groups[group].name[i])));
      // Bars of one name would lie on each other.
      const y = names.map((name, n) => (names.indexOf(name) === n ? name : name + "\u200b".repeat(n)));
      const x = order.map((i) => all[i]), low = Math.min(...x, 0), high = Math.max(...x, 0), room = 0.22 * (high - low);
      const digits = high - low > 100 ? 0 : high - low > 1 ? 2 : 4;
      layout.xaxis.range = [low < 0 ? low - room : 0, high > 0 ? high + room : 0];
      if (high - low < 1e-12) layout.xaxis.range = [-1, 1];
      Object.assign(data[0], { x, y, text: x.map((v) => signed(v, digits)), marker: { color: x.map((v) => (v < 0 ? loss : gain)) } });
      return data;
    };
    bars.two = () => {};
    const show = () => {
      for (const group of Object.keys(change.groups)) draw("mk_change_" + group);
      tellChange();
    };
    function changeControls() {
      const options = change.pairs.map((name, i) => [i, plain(name)]);
      const select = (side, label) => node("label", {}, word(label), chooser(options, state.two[side], (v) => { state.two[side] = Number(v); show(); }, word(label)));
      document.getElementById("change-controls").replaceChildren(select(0, "mk_change_first"), select(1, "mk_change_second"));
    }
    function tellChange() {
      const sum = (group) => (change.groups[group] ? differ(group).reduce((a, b) => a + b, 0) : null), unit = plain(change.unit);
      const phrase = (amount, better, worse) => said(amount >= 0 ? better : worse, { n: shown(Math.abs(amount), 3), unit });
      const users = sum("zone"), plants = sum("unit"), parts = [];
      if (users !== null) parts.push(phrase(users, "mk_change_users_less", "mk_change_users_more"));
      if (plants !== null) parts.push(phrase(plants, "mk_change_plants_more", "mk_change_plants_less"));
      const [first, second] = state.two.map((i) => plain(change.pairs[i]));
      document.getElementById("change-lead").textContent = said("mk_change_lead", { first, second, parts: parts.join(word("mk_and")) });
    }
    listen((what) => { if (what === "language") { changeControls(); tellChange(); } });
  }

  // --- tables with a search ----------------------------------------------------------------------------------------------
  const asked = {};
  function searches() {
    for (const bar of document.querySelectorAll("[data-search]")) {
      const id = bar.dataset.search, rows = [...document.querySelectorAll(`#${id} tbody tr`)], count = node("span", {});
      const show = () => {
        let n = 0;
        for (const row of rows) { row.hidden = !`${row.dataset.id || ""} ${row.textContent}`.toLowerCase().includes((asked[id] || "").toLowerCase()); n += !row.hidden; }
        count.textContent = `${n} ${word("rows_shown")}`;
      };
      const search = node("input", { type: "search", value: asked[id] || "", placeholder: word("mk_find"), "aria-label": word("mk_find"), oninput: () => { asked[id] = search.value; show(); } });
      bar.replaceChildren(search, count);
      show();
    }
  }
  listen((what) => { if (what === "language") searches(); });
  gridopt.start();
})();
