"use strict";
/* Draws the layers of an offline map. Every word of the data goes into the page as text, never as markup. */
var tayori = (function () {
  var UNITS = 1e6, NEAR = 12.5, MOST_NAMES = 1200;
  var TOWN_PLACES = ["translate(-50%, 10px)", "translate(-50%, calc(-100% - 10px))", "translate(12px, -50%)", "translate(calc(-100% - 12px), -50%)"];
  var NAME_PLACES = ["translate(-50%, 17px)", "translate(18px, -50%)", "translate(-50%, calc(-100% - 17px))", "translate(calc(-100% - 18px), -50%)"];
  var canvas = L.canvas({ padding: 0.5, tolerance: 4 });
  var overlays = [];

  function element(tag, className, words) {
    var made = document.createElement(tag);
    if (className) made.className = className;
    if (words !== undefined) made.textContent = words;
    return made;
  }

  function points(steps) {
    var out = [], lat = 0, lon = 0;
    for (var i = 0; i < steps.length; i += 2) {
      lat += steps[i];
      lon += steps[i + 1];
      out.push([lat / UNITS, lon / UNITS]);
    }
    return out;
  }

  function value(column, row) {
    return column.texts ? column.texts[column.values[row]] : column.values[row];
  }

  function degrees(at) {
    return "北緯" + at.lat.toFixed(6) + " 東経" + at.lng.toFixed(6);
  }

  function popup(data, row, at) {
    var box = element("div", "t-popup"), table = element("table");
    box.appendChild(element("h2", "", data.names[row] || data.title));
    if (data.names[row]) box.appendChild(element("p", "t-kind", data.title));
    data.columns.forEach(function (column) {
      var words = value(column, row);
      if (words === "") return;
      var line = element("tr");
      line.appendChild(element("th", "", column.label));
      line.appendChild(element("td", "", words));
      table.appendChild(line);
    });
    if (at && data.draw !== "group" && data.draw !== "town") {
      var place = element("tr");
      place.appendChild(element("th", "", "位置"));
      place.appendChild(element("td", "", degrees(at)));
      table.appendChild(place);
    }
    box.appendChild(table);
    return box;
  }

  function explain(path, data, row) {
    path.bindPopup(function () { return popup(data, row, path.getLatLng ? path.getLatLng() : null); }, { minWidth: 250, maxWidth: 340 });
    path.bindTooltip(function () { return element("span", "", data.names[row] || data.title); }, { sticky: true });
    return path;
  }

  function pathOptions(look) {
    return {
      renderer: canvas, color: look.color, weight: look.weight, dashArray: look.dash || null,
      fill: look.fill !== "", fillColor: look.fill || null, fillOpacity: look.opacity, opacity: 1, radius: look.radius
    };
  }

  function icon(html, size) {
    return L.divIcon({ className: "", html: html, iconSize: [size, size], iconAnchor: [size / 2, size / 2] });
  }

  function sign(look) {
    var frame = { round: " t-round", sign: " t-frame-sign" }[look.frame] || "";
    var box = element("span", "t-sign" + frame);
    box.appendChild(element("span", "", look.sign));
    box.style.color = look.color;
    box.style.background = look.fill;
    box.style.borderColor = look.frame === "sign" ? "#1b1f24" : look.color === "#ffffff" ? look.fill : look.color;
    if (look.dash) box.style.borderStyle = look.dash;
    return box;
  }

  /* Tells a reader of the screen what a sign stands for. */
  function named(made, data, row) {
    return made.on("add", function () {
      made.getElement().setAttribute("aria-label", data.title + " " + data.names[row]);
    });
  }

  function marker(data, row, at, look) {
    var box = element("span", "t-mark");
    box.appendChild(sign(look));
    box.appendChild(element("span", "t-name", data.names[row]));
    return named(explain(L.marker(at, { icon: icon(box, 22), zIndexOffset: data.order * 10 }), data, row), data, row);
  }

  function dot(data, row, at, look) {
    return explain(L.circleMarker(at, pathOptions(look)), data, row);
  }

  function group(data, row, at, look) {
    var most = Math.max.apply(null, data.sums), size = Math.round(22 + 18 * Math.sqrt(data.sums[row] / most));
    var box = element("span", "t-group", data.sums[row].toLocaleString("ja-JP"));
    box.style.width = box.style.height = size + "px";
    box.style.color = look.color;
    box.style.background = "#eaf3fb";
    return named(explain(L.marker(at, { icon: icon(box, size), zIndexOffset: data.order * 10 }), data, row), data, row);
  }

  function label(data, row, at) {
    var box = element("span", "t-town", data.names[row]);
    if (data.labels[row]) box.appendChild(element("b", "", data.labels[row]));
    return L.marker(at, { icon: icon(box, 0), interactive: false, keyboard: false });
  }

  function shape(data, row, look) {
    var parts = [], drawn = data.shapes[row], options = pathOptions(look);
    if (drawn.polygons) {
      parts.push(L.polygon(drawn.polygons.map(function (rings) { return rings.map(points); }), options));
    }
    if (drawn.lines) {
      parts.push(L.polyline(drawn.lines.map(points), Object.assign({}, options, { fill: false })));
    }
    (drawn.points ? points(drawn.points) : []).forEach(function (at) { parts.push(L.circleMarker(at, options)); });
    parts.forEach(function (part) { if (data.still) part.options.interactive = false; else explain(part, data, row); });
    return parts;
  }

  /* Builds one switch of the map from its data on the page. */
  function layer(number) {
    var data = tayoriPage.layers[number], made = L.featureGroup(), at = points(data.at), draw = { marker: marker, dot: dot, group: group };
    data.names.forEach(function (_, row) {
      var look = data.looks[data.look[row]];
      if (data.shapes) shape(data, row, look).forEach(function (part) { made.addLayer(part); });
      else if (data.draw === "town") made.addLayer(dot(data, row, at[row], look));
      else made.addLayer(draw[data.draw](data, row, at[row], look));
      if (data.draw === "town") made.addLayer(label(data, row, at[row]));
    });
    overlays.push({ data: data, group: made });
    return made;
  }

  function restack(map) {
    overlays.slice().sort(function (a, b) { return a.data.order - b.data.order; }).forEach(function (one) {
      if (map.hasLayer(one.group)) one.group.bringToFront();
    });
  }

  function overlap(a, b) {
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  }

  /* Finds a place for a name around its point where it covers nothing; without one it stays hidden. */
  function settle(label, taken) {
    var places = label.classList.contains("t-town") ? TOWN_PLACES : NAME_PLACES;
    for (var i = 0; i < places.length; i++) {
      label.style.transform = places[i];
      var box = label.getBoundingClientRect();
      if (!taken.some(function (other) { return overlap(box, other); })) {
        taken.push(box);
        label.style.visibility = "";
        return;
      }
    }
    label.style.visibility = "hidden";
  }

  /* Shows as many names as fit: towns first, then places by the order of their layers. */
  function nameWhatFits(map) {
    var pane = map.getPane("markerPane"), near = map.getZoom() >= NEAR;
    map.getContainer().classList.toggle("t-far", !near);
    var signs = Array.from(pane.querySelectorAll(".t-sign, .t-group")).map(function (one) { return one.getBoundingClientRect(); });
    var names = Array.from(pane.querySelectorAll(".t-town, .t-name"));
    if (names.length > MOST_NAMES) {
      names.forEach(function (name) { name.style.visibility = "hidden"; });
      return;
    }
    names.sort(function (a, b) { return rank(a) - rank(b); }).forEach(function (name) {
      if (near || name.classList.contains("t-town")) settle(name, signs);
      else name.style.visibility = "hidden";
    });
  }

  function rank(name) {
    return name.classList.contains("t-town") ? 0 : 1;
  }

  function warnWhenExpired(until) {
    if (!until || Date.now() <= Date.parse(until)) return;
    var words = "利用期限を過ぎています。この地図を使わず、協定にしたがって消してください。";
    var notice = element("div", "t-expired", words);
    notice.setAttribute("role", "alert");
    document.body.insertBefore(notice, document.body.firstChild);
  }

  /* Shows everything between legend and switches, or behind them where the screen is too narrow. */
  function fit(map, bounds) {
    if (!bounds) return;
    var panel = document.querySelector(".leaflet-control-layers"), legend = document.getElementById("t-legend");
    var right = panel.offsetWidth + 20, left = legend.offsetWidth + 20, wide = map.getSize().x;
    if (wide - right < 420) right = 12;
    if (wide - right - left < 420) left = 12;
    map.fitBounds(bounds, { paddingTopLeft: [left, 12], paddingBottomRight: [right, 12], animate: false });
  }

  /* Sets up what is not a layer: scale, legend, order of drawing, labels by zoom, expiry. */
  function start(map) {
    var page = tayoriPage;
    L.control.scale({ imperial: false, maxWidth: 160, position: "bottomright" }).addTo(map);
    var legend = document.getElementById("t-legend"), corner = L.control({ position: "bottomleft" });
    corner.onAdd = function () { return legend; };
    corner.addTo(map);
    L.DomEvent.disableClickPropagation(legend).disableScrollPropagation(legend);
    legend.open = window.innerHeight >= 700 && window.innerWidth >= 900;
    map.getContainer().setAttribute("aria-label", page.title);
    [["in", "拡大"], ["out", "縮小"]].forEach(function (one) {
      var button = map.getContainer().querySelector(".leaflet-control-zoom-" + one[0]);
      button.title = one[1];
      button.setAttribute("aria-label", one[1]);
    });
    map.on("overlayadd", function () { restack(map); });
    map.on("overlayadd overlayremove zoomend", function () { nameWhatFits(map); });
    warnWhenExpired(page.until);
    map.invalidateSize();
    map.setMaxZoom(19);
    fit(map, page.bounds);
    map.setMinZoom(Math.min(7, map.getZoom()));
    restack(map);
    nameWhatFits(map);
  }

  return { layer: layer, start: start, overlays: overlays };
})();
