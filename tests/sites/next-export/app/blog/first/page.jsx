export default function First() {
  return <main><h1>First</h1></main>;
}
