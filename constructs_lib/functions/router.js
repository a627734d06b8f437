// Viewer-request function of one regional distribution (cloudfront-js-2.0). constructs_lib/router.py fills in CONFIG.
//
// 1. The active release comes from the KeyValueStore, key "routing": {"release_id": "...", "drained_regions": ["..."]}.
//    /x becomes /releases/<id>/x, so the cache key changes with the release: no invalidation, no mixed page. /health and
//    /errors are outside releases and keep their path.
// 2. The own region's bucket answers first and gets 4 s to start answering instead of S3's 30 s; when the own region is
//    drained, the other one goes first. The path check gets 1 s: Route 53 waits 2 s for a status, both buckets together.
// Limits and API: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/helper-functions-origin-modification.html
import cf from 'cloudfront';

const CONFIG = /*CONFIG*/ {};

async function readRouting() {
  try {
    return JSON.parse(await cf.kvs().get('routing'));
  } catch (error) {
    return {}; // get throws on a missing key: nothing is published yet, nothing is drained
  }
}

function chooseOrigins(drained, path) {
  if (drained.includes(CONFIG.own) && !drained.includes(CONFIG.other)) {
    cf.createRequestOriginGroup({
      originIds: [{ originId: CONFIG.origins[CONFIG.other] }, { originId: CONFIG.origins[CONFIG.own] }],
      failoverCriteria: { statusCodes: CONFIG.statusCodes },
    });
  } else {
    cf.updateRequestOrigin({ timeouts: path === CONFIG.checkPath ? CONFIG.checkTimeouts : CONFIG.timeouts });
  }
}

// The same rules as resolve_path in regional_endpoint/handler.py: tests/contract/test_paths.py runs both on one table.
function indexDocument(uri) {
  if (uri.endsWith('/')) return uri + 'index.html';
  const last = uri.substring(uri.lastIndexOf('/') + 1);
  return last.includes('.') ? uri : uri + '/index.html';
}

function unpublished() {
  return {
    statusCode: 503,
    statusDescription: 'Service Unavailable',
    headers: { 'content-type': { value: 'text/plain; charset=utf-8' }, 'retry-after': { value: '30' } },
    body: 'Nothing is published yet: run failover sync-content.\n',
  };
}

async function handler(event) {
  const request = event.request;
  const routing = await readRouting();
  const path = indexDocument(request.uri);
  chooseOrigins(routing.drained_regions || [], path);
  if (CONFIG.fixedPrefixes.some((prefix) => path.startsWith(prefix))) {
    request.uri = path;
    return request;
  }
  if (!routing.release_id) return unpublished();
  request.uri = '/releases/' + routing.release_id + path;
  return request;
}
