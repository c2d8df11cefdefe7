// Puts a chart that can be pointed at, moved and zoomed in the place of the drawing: TradingView's
// Lightweight Charts, from the folder of --libraries. Without it the drawing stays.
(function () {
  "use strict";

  var box = document.querySelector("[data-candles]");
  if (!box || !window.stoa) return;
  var places = Number(box.dataset.places);
  var decimals = Number(box.dataset.decimals);
  var legend = document.getElementById("candle-legend");
  var probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);

  // The charts' library reads no custom properties.
  function color(name) {
    probe.style.color = "var(--" + name + ")";
    return getComputedStyle(probe).color;
  }

  // Prices alone are cut, after seven digits and behind the point (PRT-20).
  function written(number) {
    var digits = number > 0 ? 6 - Math.floor(Math.log10(number)) : 0;
    return number.toLocaleString("en", {
      maximumFractionDigits: Math.min(20, Math.max(0, digits))
    });
  }

  function look() {
    return {
      layout: {
        background: { color: "transparent" }, textColor: color("soft"),
        fontFamily: getComputedStyle(document.body).fontFamily
      },
      grid: { vertLines: { visible: false }, horzLines: { color: color("line") } },
      rightPriceScale: { borderColor: color("line") },
      timeScale: { borderColor: color("line") }
    };
  }

  function candleLook() {
    var up = color("good"), down = color("bad");
    return {
      upColor: up, borderUpColor: up, wickUpColor: up,
      downColor: down, borderDownColor: down, wickDownColor: down
    };
  }

  // Drawn, never counted with: prices are whole numbers of any length.
  function item(candle) {
    function price(text) { return Number(text) / Math.pow(10, places); }
    return {
      time: candle.start, open: price(candle.open), high: price(candle.high),
      low: price(candle.low), close: price(candle.close),
      volume: Number(candle.baseVolume) / Math.pow(10, decimals),
      traded: window.stoa.exact(String(candle.baseVolume), decimals)
    };
  }

  async function read() {
    var answer = await fetch(box.dataset.candles, { credentials: "omit" });
    if (!answer.ok) throw new Error("status " + answer.status);
    return (await answer.json()).data.map(item);
  }

  function explain(candle) {
    var when = new Date(candle.time * 1000).toISOString().slice(0, 16).replace("T", " ");
    legend.textContent = when + " UTC · open " + written(candle.open) + ", high "
      + written(candle.high) + ", low " + written(candle.low) + ", close "
      + written(candle.close) + " · " + candle.traded + " traded";
  }

  // How fine prices are: to four digits of the lowest. The library counts in such steps.
  function fineness(candles) {
    var lowest = Math.min.apply(null, candles.map(function (candle) { return candle.low; }));
    var digits = lowest > 0 ? 4 - Math.floor(Math.log10(lowest)) : 9;
    digits = Math.min(15, Math.max(2, digits));
    return { type: "price", precision: digits, minMove: Number("1e-" + digits) };
  }

  function draw(candles, place) {
    var library = window.LightweightCharts;
    var chart = library.createChart(place, Object.assign(look(), {
      autoSize: true, localization: { priceFormatter: written },
      handleScroll: { mouseWheel: false, vertTouchDrag: false },
      handleScale: { mouseWheel: false }
    }));
    chart.timeScale().applyOptions({
      timeVisible: Number(box.dataset.seconds) < 86400, secondsVisible: false
    });
    var prices = chart.addCandlestickSeries(
      Object.assign(candleLook(), { priceFormat: fineness(candles) }));
    var volumes = chart.addHistogramSeries({
      priceScaleId: "", priceLineVisible: false, lastValueVisible: false,
      color: color("line-strong")
    });
    volumes.priceScale().applyOptions({ scaleMargins: { top: 0.8, bottom: 0 } });
    prices.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.26 } });
    prices.setData(candles);
    volumes.setData(candles.map(function (candle) {
      return { time: candle.time, value: candle.volume };
    }));
    var shown = Math.min(candles.length, 96);
    chart.timeScale().setVisibleLogicalRange({
      from: candles.length - Math.max(shown, 24), to: candles.length
    });
    var byTime = new Map(candles.map(function (candle) { return [candle.time, candle]; }));
    chart.subscribeCrosshairMove(function (move) {
      explain(byTime.get(move.time) || candles[candles.length - 1]);
    });
    explain(candles[candles.length - 1]);
    function repaint() {
      chart.applyOptions(look());
      prices.applyOptions(candleLook());
      volumes.applyOptions({ color: color("line-strong") });
    }
    new MutationObserver(repaint).observe(document.documentElement, {
      attributeFilter: ["data-theme"]
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  }

  async function begin() {
    var drawing = box.querySelector(".chart-scroll");
    var place = document.createElement("div");
    place.className = "live-chart";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", box.dataset.title);
    try {
      var candles = await read();
      if (!candles.length) return;
      drawing.before(place);
      draw(candles, place);
    } catch (error) {
      // The drawing is there.
      place.remove();
      return;
    }
    drawing.hidden = true;
    document.querySelectorAll("[data-with-chart]").forEach(function (note) {
      note.hidden = false;
    });
    box.dataset.state = "live";
  }

  window.stoa.addLibrary(box.dataset.library, begin);
})();
