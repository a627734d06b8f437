document.body.dataset.ran = "menu";
