"""The add-on desk. newslake loads this file with every command, so it imports the hooks alone."""

from newslake.pipeline.hooks import AddonInfo, Command, implementation


@implementation
def addon_info():
    """Return what the add-on is: it needs no other one, and has a page and a kind of alert if these are loaded."""
    return AddonInfo("desk", "Desk", fits=("newsroom", "alerts"))


@implementation
def commands():
    """Return `newslake desk`."""
    return [Command("desk", "newslake_desk.commands:desk", "Count the articles of a day by source.")]


@implementation(optionalhook=True)
def newsroom_pages():
    """Return the page /desk, with an entry in the bar."""
    from newslake.pipeline.addons.newsroom.page_list import NewsroomPage

    return [NewsroomPage("/desk", "newslake_desk.page:answer_desk", label="Desk", rank=70)]


@implementation(optionalhook=True)
def alert_conditions():
    """Return the kind of rule ``on = "desk"``."""
    from newslake_desk.alert import CONDITION

    return {"desk": CONDITION}
