import './style.css';

const app = document.querySelector('#app');

async function show() {
  const { render } = await import('./view.js');
  app.textContent = render(location.pathname);
  document.body.dataset.ran = 'view';
}

show();
