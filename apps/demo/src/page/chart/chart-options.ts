import type uPlot from 'uplot'

/** Seconds since 1970, °C, percent of humidity, °C of the threshold. */
export type ChartData = [number[], number[], number[], number[]]

const WINDOW_SECONDS = 120
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** How the chart looks, in the colours of the page. */
export function chartOptions(style: CSSStyleDeclaration): Omit<uPlot.Options, 'width' | 'height'> {
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const accent = colour('--accent')
  const axis = {
    stroke: colour('--ink-soft'),
    font: `11px ${style.fontFamily}`,
    ticks: { show: false },
    grid: { stroke: colour('--line'), width: 1 },
  }
  return {
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    padding: [10, 4, 0, 0],
    scales: {
      x: { time: true, range: (_plot, _low, high) => [high - WINDOW_SECONDS, high] },
      y: { range: (_plot, low, high) => roomy(low, high) },
      humidity: { range: () => [0, 100] },
    },
    axes: [
      { ...axis, space: 90, size: 26, values: (_plot, seconds) => seconds.map((each) => clock.format(each * 1000)) },
      { ...axis, size: 40, space: 34 },
      { ...axis, scale: 'humidity', side: 1, size: 34, space: 60, grid: { show: false } },
    ],
    series: [
      {},
      { stroke: accent, width: 2, fill: (plot) => wash(plot, accent), points: { show: false } },
      { scale: 'humidity', stroke: colour('--humidity'), width: 1, points: { show: false } },
      { stroke: colour('--alarm'), width: 1.2, dash: [5, 5], points: { show: false } },
    ],
  }
}

/** The values, with a quarter of room about them and at least 2 °C in all. */
function roomy(low: number, high: number): uPlot.Range.MinMax {
  const room = Math.max((high - low) * 0.18, 1)
  return [low - room, high + room]
}

/** Of a colour of six hexadecimal digits, a gradient to nothing. */
function wash(plot: uPlot, colour: string): CanvasGradient | string {
  const { top, height } = plot.bbox
  if (!Number.isFinite(top + height)) return 'transparent'
  const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height)
  gradient.addColorStop(0, `${colour}38`)
  gradient.addColorStop(1, `${colour}03`)
  return gradient
}
