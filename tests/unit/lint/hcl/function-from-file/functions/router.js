import cf from 'cloudfront';
const store = cf.kvs();

async function handler(event) {
  event.request.uri = (await store.get('active')) + event.request.uri;
  return event.request;
}
