export default {
  title: 'Lighthouse',
  url: 'https://www.example.test',
  baseUrl: '/',
  trailingSlash: true,
  onBrokenLinks: 'throw',
  presets: [['classic', { docs: { sidebarPath: undefined }, blog: false, theme: { customCss: './src/css/custom.css' } }]],
  themeConfig: { navbar: { title: 'Lighthouse', items: [{ to: '/docs/intro/', label: 'Docs', position: 'left' }] } },
};
