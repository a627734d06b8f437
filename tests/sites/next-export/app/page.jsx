import Link from 'next/link';
import Counter from './counter';

export default function Page() {
  return <main><h1>Lighthouse</h1><Counter /><Link href="/blog/first/">First</Link></main>;
}
