import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { imageConfig, type Layer } from './image-config.ts'
import type { Release } from './release.ts'
import { compressFile, writeTar } from './tarball.ts'

export type ImageParts = {
  /** tar files from the lowest layer up, and what each holds; they are used up */
  readonly layers: readonly { readonly tar: string; readonly what: string }[]
  /** an empty folder that becomes the image layout */
  readonly layout: string
  readonly file: string
  readonly release: Release
}

/** Refers to a blob, as indexes and manifests of the OCI do. */
type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number }

const TYPE = 'application/vnd.oci.image'

/** The name under which engines load the image. No registry is asked for a name of localhost. */
export function imageName({ version }: Release): string {
  return `localhost/stacktach:${version}`
}

/**
 * Writes an image as an OCI image layout, packed into one tar. `manifest.json` beside it is for `docker load` of the
 * versions before 25, which know no layouts.
 */
export function writeImage({ layers, layout, file, release }: ImageParts): void {
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true })
  const added = layers.map(({ tar, what }) => addLayer(layout, tar, what))
  const config = addJson(layout, `${TYPE}.config.v1+json`, imageConfig(release, added))
  const descriptors = added.map(({ descriptor }) => descriptor)
  const manifest = addJson(layout, `${TYPE}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${TYPE}.manifest.v1+json`,
    config,
    layers: descriptors,
  })
  const name = imageName(release)
  const annotations = { 'org.opencontainers.image.ref.name': name, 'io.containerd.image.name': name }
  writeJson(join(layout, 'index.json'), {
    schemaVersion: 2,
    mediaType: `${TYPE}.index.v1+json`,
    manifests: [{ ...manifest, annotations }],
  })
  writeJson(join(layout, 'oci-layout'), { imageLayoutVersion: '1.0.0' })
  const docker = { Config: pathOf(config), RepoTags: [name], Layers: descriptors.map(pathOf) }
  writeJson(join(layout, 'manifest.json'), [docker])
  const names = ['oci-layout', 'index.json', 'manifest.json', 'blobs']
  writeTar({ folder: layout, names, file, seconds: release.seconds })
}

/** Compresses a layer into the blobs. */
function addLayer(layout: string, tar: string, what: string): Layer & { readonly descriptor: Descriptor } {
  const diffId = sha256(readFileSync(tar))
  const packed = `${tar}.gz`
  compressFile(tar, packed)
  const bytes = readFileSync(packed)
  const digest = `sha256:${sha256(bytes)}`
  const descriptor = { mediaType: `${TYPE}.layer.v1.tar+gzip`, digest, size: bytes.length }
  renameSync(packed, join(layout, pathOf(descriptor)))
  return { diffId, what, descriptor }
}

function addJson(layout: string, mediaType: string, value: object): Descriptor {
  const bytes = Buffer.from(JSON.stringify(value))
  const descriptor = { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length }
  writeFileSync(join(layout, pathOf(descriptor)), bytes)
  return descriptor
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value)}\n`)
}

function pathOf({ digest }: Descriptor): string {
  return `blobs/${digest.replace(':', '/')}`
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
