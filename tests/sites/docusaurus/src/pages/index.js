import React from 'react';
import Layout from '@theme/Layout';

export default function Home() {
  const [count, setCount] = React.useState(0);
  return (
    <Layout title="Lighthouse">
      <main><h1>Lighthouse</h1><button id="count" onClick={() => setCount(count + 1)}>{count}</button></main>
    </Layout>
  );
}
