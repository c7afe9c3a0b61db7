import { createPrivateKey } from 'node:crypto'

/** Of `ai.example.test`, signed by itself, good for a hundred years. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBvTCCAWSgAwIBAgIUS+0AdnenhrNSKDro5plA9+5iZWkwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPYWkuZXhhbXBsZS50ZXN0MCAXDTI2MTEyMzE4NDcwN1oYDzIx
MjYxMDMwMTg0NzA3WjAaMRgwFgYDVQQDDA9haS5leGFtcGxlLnRlc3QwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARrF9Hy4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF
2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3v1H1o4GFMIGCMB0GA1Ud
DgQWBBS0Z6OZnrXvpnHeADLwipyeXv2g4TAfBgNVHSMEGDAWgBS0Z6OZnrXvpnHe
ADLwipyeXv2g4TAPBgNVHRMBAf8EBTADAQH/MC8GA1UdEQQoMCaCD2FpLmV4YW1w
bGUudGVzdIITKi53aWxkLmV4YW1wbGUudGVzdDAKBggqhkjOPQQDAgNHADBEAiAC
uWpABeMKehCUrxlPCCuNIPAvjWXFdoKGqXEdCVYF8gIgWForHj4tE1Gwj8k1SbBM
vOd2f7rvNSzSAidBsecoi9U=
-----END CERTIFICATE-----
`

/** Its key is the number one on P-256: nobody can take it for a secret. */
export const CERTIFICATE_KEY = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    d: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE',
    x: 'axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY',
    y: 'T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU',
  },
})
  .export({ format: 'pem', type: 'pkcs8' })
  .toString()
