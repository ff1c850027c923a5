import { expect, test } from 'vitest'
import { Metrics } from './metrics.ts'

test('answers are counted by code, and their durations in classes that include the smaller ones', () => {
  const metrics = new Metrics([{ name: 'mqttspec_sessions', help: 'Clients.', read: () => 7 }])
  metrics.answered('ok', 0.4)
  metrics.answered('ok', 40)
  metrics.answered('not_found', 60_000)
  metrics.refused('rate_limited')
  const lines = metrics.text().split('\n')
  for (const line of [
    '# TYPE mqttspec_requests_total counter',
    'mqttspec_requests_total{code="ok"} 2',
    'mqttspec_requests_total{code="not_found"} 1',
    'mqttspec_requests_total{code="rate_limited"} 1',
    'mqttspec_request_duration_seconds_bucket{le="0.001"} 1',
    'mqttspec_request_duration_seconds_bucket{le="0.025"} 1',
    'mqttspec_request_duration_seconds_bucket{le="0.05"} 2',
    'mqttspec_request_duration_seconds_bucket{le="10"} 2',
    'mqttspec_request_duration_seconds_bucket{le="+Inf"} 3',
    'mqttspec_request_duration_seconds_count 3',
    'mqttspec_sessions 7',
  ]) {
    expect(lines).toContain(line)
  }
  expect(lines.at(-1)).toBe('')
})
