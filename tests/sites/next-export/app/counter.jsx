'use client';
import { useState } from 'react';

export default function Counter() {
  const [count, setCount] = useState(0);
  return <button id="count" style={{ color: 'navy' }} onClick={() => setCount(count + 1)}>{count}</button>;
}
