"""What people do on the instances, by name: the buttons and forms that REST does not have.

Every move is made by a user (`as`, a login; left out, the usual persona of the move), checks what the form would check, and then
goes through the same write path as REST. Records are named by number, sys_id or display name. A refused move raises Refused.

    OM move               arguments ([] optional)                                  usual persona
    create_order          account (or consumer), contact, lines: [{offering,       order_agent
                          location, [action, quantity, committed_due_date,
                          characteristics: {name: value}, contact, consumer,
                          sold_product]}],
                          [short_description,
                          priority, committed_due_date, external_id]
    place                 order                                                    order_agent
    approve               order                                                    fulfillment_manager
    reject                order, [reason]                                          fulfillment_manager
    revise                order                                                    order_agent
    edit_line             line, [fields: {column: value}, characteristics: {..}]   order_agent
    add_line              order, and what a line has in create_order               order_agent
    remove_line           line (before approval: deleted; in revision: marked)     order_agent
    approve_revision      order                                                    fulfillment_manager
    decline_revision      order                                                    fulfillment_manager
    cancel_order          order                                                    order_agent
    approve_cancel        order                                                    fulfillment_manager
    decline_cancel        order                                                    fulfillment_manager
    set_ponr              line                                                     system
    close_domain_order    domain_order, [note]                                     fulfillment_manager
    set_domain_order_state domain_order, state (label or role)                     fulfillment_manager
    close_order_task      task                                                     fulfillment_agent

    finish_enrichment     order (where orders are enriched before approval)        order_agent
    hold_enrichment       order                                                    order_agent
    resume_enrichment     order                                                    order_agent
    hold_order            order (in progress: everything about it waits)           fulfillment_manager
    await_information     order                                                    fulfillment_manager
    resume_order          order (on hold, awaiting information)                    fulfillment_manager
    delete_order          order (draft or new)                                     order_agent
    reject_line           line, [reason]: the other lines go on                    fulfillment_manager
    create_header_task    order, name: a task of the order itself                  order_agent
    set_characteristic    line, name, value: known now, outside a revision         order_agent
    cancel_unit           domain_order (one of those that need attention)          fulfillment_manager
    create_fallout        task, [text, type]                                       fulfillment_agent
    start_fallout, hold_fallout, fallout_awaits_information, resolve_fallout, close_fallout, cancel_fallout
                          fallout, [reason]                                        fulfillment_agent
    start_order_task, task_awaits_information, resolve_order_task
                          task, [reason]                                           fulfillment_agent
    create_work_order_for domain_order or task, [template]: where the platform's   fulfillment_manager
                          own integration is on
    answer_outbound_request  request, state: pending | fulfilled | error, [text]   southbound
    revise_outbound_request  request: one with updates available                   fulfillment_manager
    reach_milestone       line, name                                               fulfillment_manager
    cancel_order_task     task, [reason]                                           fulfillment_manager

    FSM move              arguments                                                usual persona
    create_work_order     short_description, [template, account, contact,          dispatcher
                          location, correlation_id, correlation_display, ...]
    qualify               work_order                                               qualifier
    dispatch              work_order, technician (assigns all open tasks)          dispatcher
    accept                work_order or task                                       technician
    start                 work_order or task                                       technician
    complete              work_order or task, [note]                               technician
    close_incomplete      work_order or task, reason                               technician
    cancel_task           task, reason                                             dispatcher
    cancel_work_order     work_order, reason                                       dispatcher
    reopen_task           task (by the platform: a follow-on visit)                system
    approve_work_order    work_order (where approvals are configured)              approver
    reject_work_order     work_order, reason                                       approver
    schedule              work_order or task, start (UTC)                          dispatcher
    reject_task           task, reason                                             technician
    add_task              work_order, short_description, [type, after: [tasks]]    dispatcher
    ready_task            task, note: from Draft to Pending Dispatch               dispatcher
    travel, arrive        task                                                     technician
    use_asset             task, asset or part, [quantity]                          technician
    delete_work_order     work_order (role wm_admin; not with transfer orders)     admin
    require_part          task, part: with the transfer order that brings it       technician
    ship_part             transfer_order                                           dispatcher
    receive_part          transfer_order                                           technician
    attach_questionnaire  record, name, [blocks: role of a state; optional]        dispatcher
    answer_questionnaire  questionnaire                                            technician
    autopilot             technician, [seconds, reads]: his tasks move on by       system
                          themselves from now on; neither stops him
    work_order_for_case   case, [template, short_description]                      dispatcher

    both                  arguments                                                usual persona
    add_note              record (or work_order, task, domain_order, order,        depends on the record
                          line, case), text, [customer_visible]
    write                 table, record, fields: {column: value}: a form save      admin
    create_case           short_description, [account, contact, location, ...]     admin
    take_case             case                                                     admin
    ask_customer          case, text                                               admin
    customer_reply        case, text                                               admin
    propose_solution      case, notes, [resolution]                                admin
    accept_solution       case                                                     admin
    reject_solution       case, reason                                             admin
    close_case            case, notes, [resolution]: not from Resolved             admin
    cancel_case           case, reason                                             admin
    run_script            table, record, values or delete, [auto_sys_fields: false,  admin
                          workflow: false]: moves no stamp, runs no rule and tells nobody
    import_xml            table, rows: with their own sys_id and stamps            admin
"""

from connector.sandbox.moves.background_moves import BACKGROUND_MOVES
from connector.sandbox.moves.bench import Bench, Move, Refused
from connector.sandbox.moves.case_moves import CASE_MOVES
from connector.sandbox.moves.common import COMMON_MOVES
from connector.sandbox.moves.fulfillment_moves import FULFILLMENT_MOVES
from connector.sandbox.moves.handover_moves import HANDOVER_MOVES
from connector.sandbox.moves.order_buttons import BUTTONS
from connector.sandbox.moves.order_moves import ORDER_MOVES
from connector.sandbox.moves.site_moves import SITE_MOVES
from connector.sandbox.moves.visit_moves import VISIT_MOVES
from connector.sandbox.moves.work_moves import WORK_MOVES

ALL = (
    *ORDER_MOVES,
    *BUTTONS,
    *FULFILLMENT_MOVES,
    *HANDOVER_MOVES,
    *WORK_MOVES,
    *VISIT_MOVES,
    *SITE_MOVES,
    *CASE_MOVES,
    *COMMON_MOVES,
    *BACKGROUND_MOVES,
)
MOVES: dict[str, Move] = {move.name: move for move in ALL}

__all__ = ["MOVES", "Bench", "Move", "Refused"]
