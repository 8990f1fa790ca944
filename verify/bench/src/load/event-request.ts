const BODY_BYTES = 1024;
const NUMBER = '000000000000';

/** A request that can be sent again and again, each time as another event. */
export interface EventRequest {
  readonly bytes: Buffer;
  /** Writes the event's number into the payload, in place. */
  setNumber(n: number): void;
}

/** `POST /webhooks/events` with a body of 1 KB: an invoice, as senders have them. */
export function eventRequest(token: string, series: string): EventRequest {
  const body = bodyOf(series);
  const head = [
    'POST /webhooks/events HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `X-Webhook-Token: ${token}`,
    `Content-Length: ${body.length}`,
  ];
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
  const at = bytes.indexOf(NUMBER);
  return { bytes, setNumber: (n) => void bytes.write(String(n).padStart(NUMBER.length, '0'), at) };
}

function bodyOf(series: string): string {
  const lines = Array.from({ length: 8 }, (_, i) => ({
    sku: `SKU-${1000 + i}`,
    quantity: i + 1,
    price: 19.9 * (i + 1),
  }));
  const text = (note: string) =>
    JSON.stringify({
      event_type: 'invoice.uploaded',
      payload: { n: NUMBER, series, invoice_id: 'INV-2026-0042', currency: 'EUR', paid: false, lines, note },
    });
  return text('x'.repeat(BODY_BYTES - text('').length));
}
