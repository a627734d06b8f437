export default {
  title: 'Lighthouse',
  cleanUrls: true,
  themeConfig: { nav: [{ text: 'Lens', link: '/guide/lens' }], search: { provider: 'local' } },
};
