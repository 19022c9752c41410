// fhir-kit-client: every kind of request that it has, against the server named by BASE with the bearer token TOKEN.
// Prints one line of JSON for each case: its name, and what went wrong or null.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { Client } from 'fhir-kit-client'

const { BASE, TOKEN, PATIENT } = process.env
const client = new Client({ baseUrl: BASE, bearerToken: TOKEN })
const patient = () => {
  const one = JSON.parse(PATIENT)
  one.identifier[0].value = `K${randomUUID().slice(0, 8)}`
  return one
}
const result = (reference, value) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  subject: { reference },
  effectiveDateTime: '2026-11-01',
  valueQuantity: { value, system: 'http://unitsofmeasure.org', code: '/min' }
})
const made = body => client.create({ resourceType: body.resourceType, body })
const refused = async (work, status) => {
  await assert.rejects(work, error => (assert.equal(error.response.status, status), true))
}

const cases = {
  async 'capability statement' () {
    assert.equal((await client.capabilityStatement()).fhirVersion, '4.0.1')
  },
  async 'smartAuthMetadata' () {
    const told = await client.smartAuthMetadata()
    assert.match(String(told.tokenUrl), /\/oauth\/token$/)
  },
  async 'create, read, vread, update, delete' () {
    const one = await made(patient())
    assert.deepEqual(await client.read({ resourceType: 'Patient', id: one.id }), one)
    const two = await client.update({ resourceType: 'Patient', id: one.id, body: { ...one, active: false } })
    assert.equal(two.meta.versionId, '2')
    assert.deepEqual(await client.vread({ resourceType: 'Patient', id: one.id, version: '1' }), one)
    await client.delete({ resourceType: 'Patient', id: one.id })
    await refused(() => client.read({ resourceType: 'Patient', id: one.id }), 410)
  },
  async 'conditional update' () {
    const one = await made(patient())
    const { value } = one.identifier[0]
    const body = { ...one, gender: 'other' }
    const told = await client.update({ resourceType: 'Patient', searchParams: { identifier: value }, body })
    assert.deepEqual([told.id, told.gender], [one.id, 'other'])
  },
  async 'patch' () {
    const { id } = await made(patient())
    const jsonPatch = [{ op: 'replace', path: '/gender', value: 'other' }]
    assert.equal((await client.patch({ resourceType: 'Patient', id, jsonPatch })).gender, 'other')
    const stale = { headers: { 'If-Match': 'W/"1"' } }
    await refused(() => client.patch({ resourceType: 'Patient', id, jsonPatch, options: stale }), 412)
  },
  async 'search, next and previous page' () {
    const { id } = await made(patient())
    for (let value = 0; value < 5; value++) await made(result(`Patient/${id}`, value))
    const searchParams = { patient: id, _count: 2, _sort: 'value-quantity' }
    const pages = [await client.search({ resourceType: 'Observation', searchParams })]
    for (let page; (page = await client.nextPage({ bundle: pages.at(-1) }));) pages.push(page)
    const values = pages.map(page => page.entry.map(one => one.resource.valueQuantity.value))
    assert.deepEqual(values, [[0, 1], [2, 3], [4]])
  },
  async 'search by POST' () {
    const { id, identifier: [{ value }] } = await made(patient())
    const options = { postSearch: true }
    const told = await client.resourceSearch({ resourceType: 'Patient', searchParams: { identifier: value }, options })
    assert.deepEqual(told.entry.map(one => one.resource.id), [id])
  },
  async 'search in a compartment' () {
    const { id } = await made(patient())
    const one = await made(result(`Patient/${id}`, 7))
    const compartment = { resourceType: 'Patient', id }
    const told = await client.compartmentSearch({ resourceType: 'Observation', compartment })
    assert.deepEqual(told.entry.map(entry => entry.resource.id), [one.id])
  },
  async 'search in the whole system' () {
    const { id } = await made(patient())
    const told = await client.systemSearch({ searchParams: { _type: 'Patient,Observation', _id: id } })
    assert.deepEqual(told.entry.map(one => one.resource.id), [id])
  },
  async 'history of a resource, a type and the system' () {
    const one = await made(patient())
    await client.update({ resourceType: 'Patient', id: one.id, body: { ...one, active: false } })
    const versions = bundle => bundle.entry.map(entry => entry.resource?.meta?.versionId)
    assert.deepEqual(versions(await client.resourceHistory({ resourceType: 'Patient', id: one.id })), ['2', '1'])
    assert.equal((await client.typeHistory({ resourceType: 'Patient' })).type, 'history')
    assert.equal((await client.systemHistory()).type, 'history')
  },
  async 'batch' () {
    const { id } = await made(patient())
    const request = (method, url) => ({ request: { method, url } })
    const entry = [request('GET', `Patient/${id}`), request('GET', 'Patient/none-such'), request('GET', 'Nonsense')]
    const told = await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry } })
    assert.deepEqual(told.entry.map(one => one.response.status.slice(0, 3)), ['200', '404', '404'])
  },
  async 'transaction' () {
    const fullUrl = 'urn:uuid:0e7a3c6e-88a2-4b3f-8a8d-8f4b7e6a9b10'
    const entry = [
      { fullUrl, resource: patient(), request: { method: 'POST', url: 'Patient' } },
      { resource: result(fullUrl, 1), request: { method: 'POST', url: 'Observation' } }
    ]
    const told = await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry } })
    assert.deepEqual(told.entry.map(one => one.response.status.slice(0, 3)), ['201', '201'])
  },
  async 'operations' () {
    const { id } = await made(patient())
    const told = await client.operation({ name: 'everything', resourceType: 'Patient', id, method: 'GET' })
    assert.deepEqual(told.entry.map(one => one.resource.id), [id])
    const input = { ...patient(), gender: 'unknwon' }
    const verdict = await client.operation({ name: 'validate', resourceType: 'Patient', input })
    assert.equal(verdict.issue[0].severity, 'error')
    const meta = await client.operation({ name: '$meta', resourceType: 'Patient', id, method: 'get' })
    assert.equal(meta.parameter[0].valueMeta.versionId, '1')
  },
  async 'references' () {
    const { id } = await made(patient())
    const one = await made(result(`Patient/${id}`, 1))
    assert.equal((await client.resolve({ reference: one.subject.reference })).id, id)
  },
  async 'mistakes' () {
    await refused(() => made({ ...patient(), gender: 'unknwon' }), 422)
    await refused(() => client.search({ resourceType: 'Nonsense' }), 404)
    const stranger = new Client({ baseUrl: BASE, bearerToken: 'forged' })
    await refused(() => stranger.read({ resourceType: 'Patient', id: 'x' }), 401)
  }
}

for (const [name, run] of Object.entries(cases)) {
  const fault = await run().then(() => null, error => String(error.response?.data ? JSON.stringify(error.response.data) : error))
  console.log(JSON.stringify({ name, fault }))
}
