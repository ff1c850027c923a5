/** A shell command that reads the devices with nothing but mosquitto's client, ready to paste. */
export function tryItLine(mqtt: { readonly host: string; readonly port: number }): string {
  const message = JSON.stringify({ id: '1', type: 'request', operation: 'read', entity: 'devices' })
  const topics = '-t spec/me/request -e spec/me/response'
  return `mosquitto_rr -V mqttv311 -h ${mqtt.host} -p ${mqtt.port} -i me -q 1 ${topics} -m '${message}'`
}
