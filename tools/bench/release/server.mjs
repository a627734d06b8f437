// The S3 server of the bench: what publishing tools ask of S3, in memory. Bodies are hashed and, but for small JSON, dropped, since
// nobody reads a page back. rclone's own `serve s3` loses uploads that create the same folder at the same time.
// Operations: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
// Prints {"port": ...} when it listens. Arguments: the names of the buckets.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const KEPT_BYTES = 64 * 1024 * 1024;
const PAGE = 1000;
const buckets = new Map(process.argv.slice(2).map((name) => [name, { objects: new Map(), sorted: null }]));

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
const xml = (response, status, body) => {
  const document = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`);
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': document.length });
  response.end(document);
};
const refuse = (response, status, code) => xml(response, status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);

// The aws-chunked coding: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
function unchunked(body) {
  const parts = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf('\r\n', at);
    const size = parseInt(body.toString('latin1', at, end), 16);
    if (!size) break;
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

function put(bucket, key, request, response, sent) {
  const body = (request.headers['content-encoding'] || '').includes('aws-chunked') ? unchunked(sent) : sent;
  const digest = createHash('md5').update(body).digest();
  const wanted = request.headers['content-md5'];
  if (wanted && wanted !== digest.toString('base64')) return refuse(response, 400, 'BadDigest');
  const isKept = body.length <= KEPT_BYTES && (request.headers['content-type'] || '').includes('json');
  if (!bucket.objects.has(key)) bucket.sorted = null;
  bucket.objects.set(key, {
    size: body.length,
    etag: digest.toString('hex'),
    modified: new Date(),
    type: request.headers['content-type'] || 'binary/octet-stream',
    metadata: Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-meta-')),
    body: isKept ? body : null,
  });
  response.writeHead(200, { etag: `"${digest.toString('hex')}"`, 'content-length': 0 });
  return response.end();
}

function copy(bucket, key, request, response) {
  const [source, ...rest] = decodeURIComponent(request.headers['x-amz-copy-source']).replace(/^\//, '').split('/');
  const found = buckets.get(source)?.objects.get(rest.join('/'));
  if (!found) return refuse(response, 404, 'NoSuchKey');
  bucket.sorted = null;
  bucket.objects.set(key, { ...found, modified: new Date() });
  return xml(response, 200, `<CopyObjectResult><ETag>"${found.etag}"</ETag></CopyObjectResult>`);
}

function read(bucket, key, request, response) {
  const found = bucket.objects.get(key);
  if (!found) return refuse(response, 404, 'NoSuchKey');
  const headers = {
    etag: `"${found.etag}"`,
    'content-type': found.type,
    'content-length': found.size,
    'last-modified': found.modified.toUTCString(),
  };
  response.writeHead(200, Object.assign(headers, Object.fromEntries(found.metadata)));
  if (request.method === 'HEAD') return response.end();
  if (!found.body) return response.destroy(); // dropped: no contestant may read it
  return response.end(found.body);
}

function list(bucket, query, response) {
  bucket.sorted ??= [...bucket.objects.keys()].sort();
  const prefix = query.get('prefix') || '';
  const delimiter = query.get('delimiter') || '';
  const after = query.get('continuation-token') || query.get('start-after') || query.get('marker') || '';
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : escaped;
  const contents = [];
  const prefixes = new Set();
  let last = '';
  let isTruncated = false;
  for (const key of bucket.sorted) {
    if (key <= after || !key.startsWith(prefix)) continue;
    if (contents.length + prefixes.size === PAGE) {
      isTruncated = true;
      break;
    }
    const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
    if (cut >= 0) prefixes.add(key.substring(0, cut + delimiter.length));
    else contents.push(key);
    last = key;
  }
  const entries = contents.map((key) => {
    const found = bucket.objects.get(key);
    return `<Contents><Key>${encode(key)}</Key><LastModified>${found.modified.toISOString()}</LastModified>` +
      `<ETag>&quot;${found.etag}&quot;</ETag><Size>${found.size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  });
  const common = [...prefixes].map((each) => `<CommonPrefixes><Prefix>${encode(each)}</Prefix></CommonPrefixes>`);
  const next = isTruncated ? `<NextContinuationToken>${escaped(last)}</NextContinuationToken>` : '';
  xml(
    response,
    200,
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${isTruncated}</IsTruncated>` +
      `<KeyCount>${entries.length}</KeyCount><MaxKeys>${PAGE}</MaxKeys>${next}` +
      `${query.get('encoding-type') ? '<EncodingType>url</EncodingType>' : ''}${entries.join('')}${common.join('')}</ListBucketResult>`,
  );
}

function answer(request, response, body) {
  const url = new URL(request.url, 'http://localhost');
  const [name, ...rest] = url.pathname.substring(1).split('/');
  const key = decodeURIComponent(rest.join('/'));
  const bucket = buckets.get(name);
  if (!bucket) return refuse(response, 404, 'NoSuchBucket');
  if (!key) return request.method === 'GET' ? list(bucket, url.searchParams, response) : refuse(response, 501, 'NotImplemented');
  if (request.method === 'PUT' && request.headers['x-amz-copy-source']) return copy(bucket, key, request, response);
  if (request.method === 'PUT') return put(bucket, key, request, response, body);
  if (request.method === 'GET' || request.method === 'HEAD') return read(bucket, key, request, response);
  return refuse(response, 501, 'NotImplemented');
}

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => answer(request, response, Buffer.concat(parts)));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
