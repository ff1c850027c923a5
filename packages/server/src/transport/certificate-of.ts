import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ClientCertificate } from '../client-certificate.ts'

/** The certificate of a socket's other end; undefined without TLS, without one, and for one that nobody vouches for. */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  // A server that does not insist (`rejectUnauthorized: false`) lets every certificate through: it proves nothing then.
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const { subject, issuer, fingerprint256, serialNumber, subjectaltname } = socket.getPeerCertificate()
  if (!fingerprint256) return undefined
  return { subject: { ...subject }, issuer: { ...issuer }, fingerprint256, serialNumber, subjectaltname }
}
